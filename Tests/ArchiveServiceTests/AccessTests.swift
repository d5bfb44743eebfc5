import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Testing

@testable import ArchiveService

/// Every method of the service against every kind of caller.
@Suite struct AccessTests {
    /// Who calls, and whether with a session.
    enum Asker: CaseIterable, Sendable {
        case nobody, administrator, reviewer, applicant, department, superior, committee
        case declarations, aggregator

        var role: Identity.Role? {
            switch self {
            case .administrator: .unitAdministrator
            case .reviewer: .unitReviewer
            case .applicant: .applicant
            case .department: .hrDepartment
            case .superior: .superior
            case .committee: .committee
            case .nobody, .declarations, .aggregator: nil
            }
        }

        var service: String? {
            switch self {
            case .declarations: "declaration-service"
            case .aggregator: "task-aggregator"
            default: nil
            }
        }
    }

    private static let officers: Set<Asker> = [.administrator, .reviewer]

    static let admitted: [String: Set<Asker>] = [
        "archive.v1.Archive/GetCatalog": [
            .administrator, .reviewer, .applicant, .department, .superior, .committee,
        ],
        "archive.v1.Archive/GetTree": officers.union([.applicant]),
        "archive.v1.Archive/ListItems": officers.union([.applicant]),
        "archive.v1.Archive/GetItem": officers.union([.applicant, .superior]),
        "archive.v1.Archive/SaveItem": [.applicant],
        "archive.v1.Archive/SubmitItem": [.applicant],
        "archive.v1.Archive/RetractItem": [.applicant],
        "archive.v1.Archive/ImportItems": [.applicant],
        "archive.v1.Archive/UploadEvidence": [.applicant],
        "archive.v1.Archive/DownloadEvidence": officers.union([
            .applicant, .superior, .declarations,
        ]),
        "archive.v1.Archive/RequestWithdrawal": [.applicant],
        "archive.v1.Archive/CancelWithdrawal": [.applicant],
        "archive.v1.Archive/ListWithdrawals": officers.union([.applicant]),
        "archive.v1.Archive/GetWithdrawal": officers.union([.applicant, .superior]),
        "archive.v1.Archive/ReadApproved": [.declarations],
        "archive.v1.Archive/PinVersions": [.declarations],
        "archive.v1.Archive/UnpinVersions": [.declarations],
        // Only identity-service, which is nobody of these.
        "identity.v1.OfficerChanges/Apply": [],
        "identity.v1.OfficerChanges/HoldUnit": [],
        "identity.v1.OfficerChanges/ApplyMerge": [],
        "tasks.v1.TaskSource/List": officers.union([.superior]),
        "tasks.v1.TaskSource/Count": officers.union([.superior]),
        "tasks.v1.TaskSource/Decide": officers.union([.superior]),
        "tasks.v1.TaskSource/DecideBatch": officers,
        "tasks.v1.TaskSource/GetDecision": officers.union([.superior]),
    ]

    static let methods =
        Archive.ArchiveMethod.allCases.map(\.method)
        + Tasks.TaskSourceMethod.allCases.map(\.method)
        + Identity.OfficerChangesMethod.allCases.map(\.method)

    @Test func theTableNamesEveryMethod() {
        #expect(Set(Self.methods.map(\.name)) == Set(Self.admitted.keys))
    }

    @Test(arguments: methods, Asker.allCases)
    func everyCell(_ method: RPCMethod, _ asker: Asker) async throws {
        let harness = try Harness()
        let user = asker.role.map {
            User(personID: "someone", name: "某人", role: $0, unitID: "school")
        }
        var metadata = Metadata()
        if let user {
            harness.identity.know(user)
            metadata.set("session", user.token)
        }
        var context = RequestContext(
            method: method,
            peer: Peer(
                name: "\(asker.service ?? "declaration-service")/1@0.1",
                isAuthenticated: asker.service != nil),
            metadata: metadata, deadline: .now + .seconds(5))
        var code: RPCCode?
        do {
            try await harness.admission(&context)
        } catch {
            code = error.code
        }
        if Self.admitted[method.name]?.contains(asker) == true {
            #expect(code == nil)
        } else {
            #expect(code == .permissionDenied || code == .unauthenticated)
        }
    }
}
