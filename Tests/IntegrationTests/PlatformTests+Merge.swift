import Foundation
import TestSupport
import Testing
import ZhichengClient

extension PlatformTests {
    /// 合并 by the HR department's terminal. What archive-service has of the unit follows by the outbox, and a kill does not stop it.
    func aMergedUnitGoesOn(_ platform: RunningPlatform) async throws {
        let scene = try await MergeScene(platform)
        let item = try await scene.approvedItem()
        try await scene.merge()
        try platform.kill(.archive)
        let deadline = ContinuousClock.now.advanced(by: .seconds(60))
        var moved: Archive.Item?
        while moved == nil, ContinuousClock.now < deadline {
            do {
                moved = try await scene.withUser("merge-new") { officer in
                    try await officer.archive.getItem(.init(id: item))
                }
            } catch let error as RPCError where error.code == .notFound {
                continue
            }
        }
        #expect(moved?.state == .approved && moved?.unitID == scene.new)
        let people = try await scene.withUser("merge-new") { officer in
            try await officer.identity.listRegistrations(.init()).registrations
        }
        #expect(people.map(\.name) == ["姣姣9"] && people.first?.state == .approved)
        await #expect(throws: RPCError.self) {
            try await scene.withUser("merge-old") { _ in }
        }
    }
}

/// Two units, and an applicant of the older one.
private struct MergeScene {
    let platform: RunningPlatform
    let old: String
    let new: String

    private static let password = "Password-2022-merge"
    private static let person = (name: "姣姣9", number: "350199199003078646")

    init(_ platform: RunningPlatform) async throws {
        self.platform = platform
        (old, new) = try await platform.withOperator { administrator in
            let identity = administrator.identity
            var units: [String] = []
            for account in ["merge-old", "merge-new"] {
                let made = try await identity.createBuiltInUnit(
                    .init(
                        account: account, name: "合并演示单位 \(account)",
                        details: .init(
                            legalRepresentativePhone: "0591-87654321", address: "福州市鼓楼区",
                            contactName: "陈经办", contactPhone: "13911112222", nature: "20",
                            email: "office@example.org", region: "350100")))
                units.append(made.unitID)
                try await Self.open(account, made.initialPassword, platform)
            }
            for request in [
                Identity.CreateAccountRequest(
                    account: "merge-hr", role: .hrDepartment, name: "人社", region: "350100",
                    idNumber: "350199197501018612"),
                Identity.CreateAccountRequest(
                    account: "merge-person", role: .applicant, name: Self.person.name,
                    idNumber: Self.person.number, phone: "13810009999"),
            ] {
                let made = try await identity.createAccount(request)
                try await Self.open(request.account, made.initialPassword, platform)
            }
            return (units[0], units[1])
        }
        try await withUser("merge-old") { officer in
            _ = try await officer.identity.recordOfficer(
                .init(name: "陈经办", idNumber: "350199198004128620"))
        }
    }

    private static func open(
        _ account: String, _ initial: String, _ platform: RunningPlatform
    ) async throws {
        try await platform.withClient { client in
            let reply = try await client.identity.signIn(
                .init(account: account, password: initial))
            _ = try await client.signedIn(reply.session).identity.changePassword(
                .init(oldPassword: initial, newPassword: password))
        }
    }

    func withUser<Value: Sendable>(
        _ account: String, _ body: (PlatformClient) async throws -> Value
    ) async throws -> Value {
        try await platform.withClient { client in
            let reply = try await client.identity.signIn(
                .init(account: account, password: Self.password))
            return try await body(client.signedIn(reply.session))
        }
    }

    /// The id of an item that the older unit has approved, as the registration of its person.
    func approvedItem() async throws -> String {
        let registration = try await withUser("merge-person") { person in
            try await person.identity.registerPerson(
                .init(
                    unitID: old, name: Self.person.name, sex: "女", idDocument: "111",
                    idNumber: Self.person.number, phone: "13810009999", politicalStatus: "群众",
                    email: "a@example.org"))
        }
        try await approve("identity:\(registration.id):1", registration.version)
        let item = try await withUser("merge-person") { person in
            let draft = try await person.archive.saveItem(
                .init(
                    kind: "work_history",
                    values: [
                        .init(key: "employer", value: "合并演示单位"),
                        .init(key: "start", value: "2012-09-01"),
                        .init(key: "position", value: "教师"),
                    ]))
            return try await person.archive.submitItem(
                .init(id: draft.id, expectedVersion: draft.version))
        }
        try await approve("archive:\(item.id):1", item.version)
        return item.id
    }

    private func approve(_ task: String, _ version: Int64) async throws {
        try await withUser("merge-old") { officer in
            _ = try await officer.tasks.decide(
                .init(
                    taskID: task, expectedVersion: version, outcome: .approved, opinion: "情况属实"))
        }
    }

    /// From the terminal.
    func merge() async throws {
        let zhicheng = Products.executable("zhicheng")
        let port = ["--port", "\(platform.basePort)"]
        // A terminal of its own: the others keep theirs.
        var state = platform.environment
        state["XDG_STATE_HOME"] = platform.folder.path + "/department"
        let signIn = try await run(
            zhicheng, ["sign-in", "merge-hr"] + port, input: Self.password + "\n",
            environment: state)
        #expect(signIn.status == 0, "\(signIn.errors)")
        let merge =
            ["unit", "merge", old, new, "--reason", "重复登记", "--expected-into-version", "1"] + port
        let stale = try await run(
            zhicheng, merge + ["--expected-version", "9"], environment: state)
        #expect(stale.status == 1)
        let merged = try await run(
            zhicheng, merge + ["--expected-version", "1"], environment: state)
        #expect(merged.status == 0, "\(merged.errors)")
        #expect(merged.output.contains("已并入合并演示单位 merge-new：1 名人员转入，1 名经办人离任"))
    }
}
