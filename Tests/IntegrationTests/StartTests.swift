import Foundation
import Secrets
import TestSupport
import Testing

/// What is in the way of a start ends in one clear line and a documented exit code.
@Suite("Starts that cannot be", .timeLimit(.minutes(3)))
struct StartTests {
    /// Arguments of a quota-service that would start; each test spoils one.
    private func arguments(_ folder: String) throws -> [String: String] {
        try KeyRing.create(at: folder + "/field.keys")
        let certificates = try TestCertificates(folder: folder)
        return [
            "--listen": "127.0.0.1:0", "--database": folder + "/quota.db",
            "--certificates": try certificates.service("quota-service"),
            "--field-keys": folder + "/field.keys",
            "--peer": "identity-service=127.0.0.1:9",
        ]
    }

    private func start(
        _ service: String = "quota-service", _ arguments: [String: String]
    ) async throws -> Finished {
        try await run(
            Products.executable(service),
            arguments.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
                // It ends at once when it does start: nobody holds its standard input.
                + ["--exit-with-parent"])
    }

    @Test("A good start ends with 0 when its supervisor is gone")
    func good() async throws {
        try await withTemporaryFolder { folder in
            let result = try await start("quota-service", arguments(folder))
            #expect(result.status == 0, "\(result.errors)")
            #expect(result.output.hasPrefix("READY quota-service 127.0.0.1:"))
        }
    }

    @Test(
        "The configuration must change: 78 and one line that says what",
        arguments: [
            ("--listen", "nowhere", "HOST:PORT"),
            ("--peer", "identity-service", "NAME=HOST:PORT"),
            ("--peer", "archive-service=127.0.0.1:1", "identity-service"),
            ("--certificates", "/nonexistent", "/nonexistent/ca.pem"),
            ("--field-keys", "/nonexistent/field.keys", "/nonexistent/field.keys"),
            ("--database", "/proc/quota.db", "/proc"),
            ("--log-level", "loud", "loud"),
            ("--development-clock", "yesterday", "2022-04-19T09:00"),
        ])
    func configuration(flag: String, value: String, names: String) async throws {
        try await withTemporaryFolder { folder in
            var given = try arguments(folder)
            given[flag] = value
            let result = try await start("quota-service", given)
            #expect(result.status == 78, "\(result.errors)")
            let lines = result.errors.split(separator: "\n").filter {
                $0.hasPrefix("quota-service:")
            }
            #expect(lines.count == 1, "\(result.errors)")
            #expect(lines.first?.contains(names) == true, "\(result.errors)")
        }
    }

    @Test("Another service's certificate, and none at all")
    func certificates() async throws {
        try await withTemporaryFolder { folder in
            var given = try arguments(folder)
            let other = try await start("archive-service", given)
            #expect(other.status == 78)
            #expect(other.errors.contains("quota-service") && other.errors.contains("own"))
            given["--certificates"] = nil
            #expect(try await start("quota-service", given).status != 0)
        }
    }

    @Test("Beyond loopback it starts like within; its certificate is what it needs")
    func beyondLoopback() async throws {
        try await withTemporaryFolder { folder in
            var given = try arguments(folder)
            given["--listen"] = "0.0.0.0:0"
            let result = try await start("quota-service", given)
            #expect(result.status == 0, "\(result.errors)")
        }
    }

    @Test("zhicheng certs makes a deployment's files once, and again when told")
    func certs() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/certificates"
            func certs(_ more: String...) async throws -> Finished {
                try await run(Products.executable("zhicheng"), ["certs", path] + more)
            }
            func identity() throws -> String {
                try String(contentsOfFile: path + "/quota-service/identity.pem", encoding: .utf8)
            }
            let first = try await certs()
            #expect(first.status == 0, "\(first.errors)")
            for name in Products.services + ["zhicheng"] {
                let file = "\(path)/\(name)/identity.pem"
                let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions]
                #expect((mode as? NSNumber)?.intValue == 0o600)
                #expect(first.output.contains("made  \(file)"))
            }
            let before = try identity()
            let again = try await certs()
            #expect(again.status == 0 && !again.output.contains("made"))
            #expect(try identity() == before)
            #expect(try await certs("--renew").output.contains("kept  \(path)/authority.pem"))
            #expect(try identity() != before)
            var given = try arguments(folder)
            given["--certificates"] = path + "/quota-service"
            #expect(try await start("quota-service", given).status == 0)
        }
    }

    @Test("A taken port is named")
    func takenPort() async throws {
        try await withTemporaryFolder { folder in
            let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(listener) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    _ = bind(listener, $0, length)
                    _ = listen(listener, 1)
                    _ = getsockname(listener, $0, &length)
                }
            }
            var given = try arguments(folder)
            let port = Int(UInt16(bigEndian: address.sin_port))
            given["--listen"] = "127.0.0.1:\(port)"
            let result = try await start("quota-service", given)
            #expect(result.status == 78, "\(result.errors)")
            #expect(result.errors.contains("\(port)"))
        }
    }

    @Test("Another service's database, and a file that is none, are left alone")
    func foreignDatabase() async throws {
        try await withTemporaryFolder { folder in
            var given = try arguments(folder)
            given["--database"] = folder + "/archive.db"
            var archive = given
            archive["--certificates"] = try TestCertificates(folder: folder)
                .service("archive-service")
            #expect(try await start("archive-service", archive).status == 0)
            let foreign = try await start("quota-service", given)
            #expect(foreign.status == 78)
            #expect(
                foreign.errors.contains("archive-service") || foreign.errors.contains("archive.db"))

            try "a letter".write(
                toFile: folder + "/letter.db", atomically: false, encoding: .utf8)
            given["--database"] = folder + "/letter.db"
            let letter = try await start("quota-service", given)
            #expect(letter.status == 78)
            #expect(
                try String(contentsOfFile: folder + "/letter.db", encoding: .utf8) == "a letter")
        }
    }
}
