import Foundation
import TestSupport
import Testing
import ZhichengClient

#if canImport(Glibc)
    import Glibc
#endif

/// A dry run over a running platform: ten times the rows, and no more memory.
@Suite("The memory of an import", .timeLimit(.minutes(10)))
struct ImportMemoryTests {
    private static let password = "Yanshi-2022"

    @Test("A dry run of 10,000 persons takes about what one of 1,000 takes, in both formats")
    func constant() async throws {
        try await RunningPlatform.with(empty: true) { platform in
            try await makeUnit(platform)
            let signIn = try await run(
                Products.executable("zhicheng"),
                ["sign-in", "unit-1", "--port", "\(platform.basePort)"],
                input: Self.password + "\n", environment: platform.environment)
            try #require(signIn.status == 0, "\(signIn.errors)")
            let few = try await peak(rows: 1_000, platform)
            let many = try await peak(rows: 10_000, platform)
            #expect(Double(many) < 1.5 * Double(few), "\(few) and \(many) KiB")
        }
    }

    /// The unit and its administrator.
    private func makeUnit(_ platform: RunningPlatform) async throws {
        let made = try await platform.withOperator { administrator in
            try await administrator.identity.createBuiltInUnit(
                Identity.CreateBuiltInUnitRequest(
                    account: "unit-1", name: "演示单位", uscc: "91350199001000002B",
                    legalRepresentativeName: "陈演示",
                    details: Identity.UnitDetails(
                        legalRepresentativePhone: "0591-87650000", address: "福州市演示路 1 号",
                        contactName: "陈演示", contactPhone: "13900000000", nature: "30",
                        email: "unit-1@example.com", region: "350102")))
        }
        try await platform.withClient { client in
            let reply = try await client.identity.signIn(
                Identity.SignInRequest(account: "unit-1", password: made.initialPassword))
            _ = try await client.signedIn(reply.session).identity.changePassword(
                Identity.ChangePasswordRequest(
                    oldPassword: made.initialPassword, newPassword: Self.password))
        }
    }

    /// The most memory, in KiB, that a dry run of so many good rows took.
    private func peak(rows: Int, _ platform: RunningPlatform) async throws -> Int {
        let path = "\(platform.folder.path)/\(rows).csv"
        let lines = (0..<rows).map {
            "演示人员\($0),男,\(idNumber($0)),\(13_900_000_000 + $0),群众,p\($0)@example.com"
        }
        try Data((["姓名,性别,证件号码,手机号,政治面貌,邮箱"] + lines).joined(separator: "\n").utf8)
            .write(to: URL(fileURLWithPath: path))
        return try await withCheckedThrowingContinuation { ended in
            DispatchQueue.global().async {
                ended.resume(
                    with: Result {
                        try Measured.run(
                            Products.executable("zhicheng").path,
                            [
                                "import", "persons", path, "--dry-run", "--timeout", "60", "--port",
                                "\(platform.basePort)",
                            ], platform.environment)
                    })
            }
        }
    }

    /// A resident's number of the unassigned county.
    private func idNumber(_ index: Int) -> String {
        func padded(_ number: Int, _ width: Int) -> String {
            String(String(number + 1_000).suffix(width))
        }
        let digits =
            "350199" + "\(1970 + index % 30)" + padded(1 + index / 30 % 12, 2)
            + padded(1 + index / 360 % 28, 2) + padded(1 + index / 10_080 * 2, 3)
        let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
        let sum = zip(digits, weights).reduce(0) { $0 + ($1.0.wholeNumberValue ?? 0) * $1.1 }
        return digits + String(Array("10X98765432")[sum % 11])
    }
}

/// A program whose memory is told at its end.
private enum Measured {
    struct Failed: Error {
        let status: Int32
    }

    /// - Returns: the most resident memory, in KiB.
    /// - Throws: unless it ends with 0.
    static func run(
        _ path: String, _ arguments: [String], _ environment: [String: String]
    ) throws -> Int {
        let all = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        var words = ([path] + arguments).map { strdup($0) } + [nil]
        var names = all.map { strdup("\($0)=\($1)") } + [nil]
        defer { for text in words + names { free(text) } }
        var child: pid_t = 0
        let code = posix_spawn(&child, path, nil, nil, &words, &names)
        guard code == 0 else { throw Failed(status: code) }
        var status: Int32 = 0
        var usage = rusage()
        while wait4(child, &status, 0, &usage) < 0 {
            guard errno == EINTR else { throw Failed(status: errno) }
        }
        guard status == 0 else { throw Failed(status: status) }
        return usage.ru_maxrss
    }
}
