import Messages
import RPC
import ServiceStubs
import Testing

@testable import DeclarationService

/// Every method × role: who is not named is refused before anything happens.
struct AccessTests {
    private static let officers: Set<Identity.Role> = [.unitAdministrator, .unitReviewer]
    private static let reviewers = officers.union([.superior, .committee])
    /// A superior in the place of a unit whose only officer is the applicant.
    private static let unitsReviewers = officers.union([.superior])
    private static let allowed: [(String, Set<Identity.Role>)] = [
        ("PublishPlan", [.hrDepartment, .committee]),
        ("ListPlans", officers.union([.applicant, .hrDepartment, .superior, .committee])),
        ("GetPlan", officers.union([.applicant, .hrDepartment, .superior, .committee])),
        ("SaveDraft", [.applicant]), ("Submit", [.applicant]),
        ("Withdraw", [.applicant]), ("DeleteDraft", [.applicant]), ("SaveVotes", [.committee]),
        ("OpenNotice", unitsReviewers), ("RecordObjection", reviewers),
        ("ResolveObjection", reviewers), ("RemoveMaterial", unitsReviewers),
        ("DownloadEvidence", reviewers.union([.applicant])),
        ("CloseNotice", unitsReviewers), ("ListNotices", officers.union([.committee])),
        ("LiftBan", [.hrDepartment]),
        ("RequestEntrustment", officers), ("DecideEntrustment", [.hrDepartment, .committee]),
        ("ListEntrustments", officers.union([.hrDepartment, .committee])),
        ("DownloadLetter", officers.union([.hrDepartment, .committee])),
        ("List", officers.union([.applicant])), ("Get", reviewers.union([.applicant])),
        ("Claim", unitsReviewers), ("ReleaseClaim", unitsReviewers),
        ("SaveRecommendation", unitsReviewers),
        ("UploadMaterial", unitsReviewers), ("DownloadMaterial", reviewers.union([.applicant])),
        ("TaskList", reviewers), ("TaskCount", reviewers), ("TaskDecide", reviewers),
        ("TaskGetDecision", reviewers),
    ]

    @Test func everyMethodAndRole() async throws {
        try await Harness.run { harness in
            let tokens: [Identity.Role: [UInt8]] = [
                .unitAdministrator: harness.officer("管理员", administrator: true),
                .unitReviewer: harness.officer("审核员"), .applicant: harness.applicant(1).token,
                .hrDepartment: harness.other(.hrDepartment, region: "350100"),
                .superior: harness.superior(),
                .committee: harness.other(.committee, committee: "c"),
            ]
            for (role, token) in tokens {
                for (method, roles) in Self.allowed {
                    let code = await Self.call(method, harness, token)
                    #expect(
                        (code == .permissionDenied) == !roles.contains(role),
                        "\(method) by \(role): \(String(describing: code))")
                }
            }
            for (method, _) in Self.allowed {
                #expect(await Self.call(method, harness, []) == .unauthenticated)
            }
        }
    }

    /// What the empty call is refused with; nil when it is not.
    private static func call(
        _ method: String, _ harness: Harness, _ token: [UInt8]
    ) async -> RPCCode? {
        let client = harness.declarations(token)
        let tasks = harness.tasks(token)
        do {
            switch method {
            case "PublishPlan": _ = try await client.publishPlan(.init())
            case "ListPlans": _ = try await client.listPlans(.init())
            case "GetPlan": _ = try await client.getPlan(.init())
            case "SaveDraft": _ = try await client.saveDraft(.init())
            case "Submit": _ = try await client.submit(.init())
            case "Withdraw": _ = try await client.withdraw(.init())
            case "DeleteDraft": _ = try await client.deleteDraft(.init())
            case "SaveVotes": _ = try await client.saveVotes(.init())
            case "OpenNotice": _ = try await client.openNotice(.init())
            case "RecordObjection": _ = try await client.recordObjection(.init())
            case "ResolveObjection": _ = try await client.resolveObjection(.init())
            case "CloseNotice": _ = try await client.closeNotice(.init())
            case "ListNotices": _ = try await client.listNotices(.init())
            case "LiftBan": _ = try await client.liftBan(.init())
            case "RequestEntrustment": _ = try await client.requestEntrustment(.init())
            case "DecideEntrustment": _ = try await client.decideEntrustment(.init())
            case "ListEntrustments": _ = try await client.listEntrustments(.init())
            case "DownloadLetter": _ = try await client.downloadLetter(.init(), atMost: 1)
            case "List": _ = try await client.list(.init())
            case "Get": _ = try await client.get(.init())
            case "Claim": _ = try await client.claim(.init())
            case "ReleaseClaim": _ = try await client.releaseClaim(.init())
            case "SaveRecommendation": _ = try await client.saveRecommendation(.init())
            case "UploadMaterial": _ = try await client.uploadMaterial(.init())
            case "DownloadMaterial":
                _ = try await client.downloadMaterial(.init(), atMost: 1)
            case "RemoveMaterial": _ = try await client.removeMaterial(.init())
            case "DownloadEvidence":
                _ = try await client.downloadEvidence(.init(), atMost: 1)
            case "TaskList": _ = try await tasks.list(.init())
            case "TaskCount": _ = try await tasks.count(.init())
            case "TaskDecide": _ = try await tasks.decide(.init())
            default: _ = try await tasks.getDecision(.init())
            }
            return nil
        } catch {
            return error.code
        }
    }
}
