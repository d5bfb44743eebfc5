import PendingList
import Testing
import ZhichengTesting

@Test func everyPendingTaskIsALine() async throws {
    var platform = TestPlatform()
    platform.answer({ $0.identity.signIn }) { request, _ in
        guard request.password == "right" else {
            throw RPCError(code: .unauthenticated, message: "账号或密码错误", verdict: .never)
        }
        return Identity.SignInReply(session: [UInt8](repeating: 1, count: 32))
    }
    platform.answer({ $0.identity.signOut }) { _, _ in Identity.SignOutReply() }
    platform.answer({ $0.tasks.list }) { _, call in
        #expect(call.session?.count == 32)
        return Tasks.ListTasksReply(tasks: [
            Tasks.Task(kindLabel: "业绩档案", title: "教育经历", applicantName: "申报人")
        ])
    }
    let list = PendingTasks(await platform.client())

    #expect(
        try await list.lines(account: "officer", password: "right") == ["业绩档案\t教育经历\t申报人"])
    await #expect(throws: RPCError.self) {
        try await list.lines(account: "officer", password: "wrong")
    }
}
