import Certificates
import Foundation
import Messages
import RPC
import TestSupport
import Testing

@testable import RPCTransport

@Suite("TLS: certificates that are renewed while they are used", .timeLimit(.minutes(1)))
struct TLSRenewalTests {
    /// Puts the files of a service in the place of another's.
    private func replace(_ folder: String, with other: String) throws {
        for name in ["ca.pem", "identity.pem"] {
            let text = try String(contentsOfFile: other + "/" + name, encoding: .utf8)
            if name == "ca.pem" {
                try text.write(toFile: folder + "/" + name, atomically: true, encoding: .utf8)
            } else {
                try TestCertificates.writeIdentity(text, in: folder)
            }
        }
    }

    @Test("New connections, those that come and those that are made, have the new ones")
    func renewed() async throws {
        try await TLSServer.with { server in
            try await withTemporaryFolder { other in
                let next = try TestCertificates(folder: other)
                let folder = try server.certificates.service("task-aggregator")
                let client = try TLSCredentials(folder: folder)
                try await server.withChannel(client) { standing in
                    _ = try await standing.call(who)
                    #expect(try !server.credentials.renew())

                    try replace(server.folder, with: next.service("quota-service"))
                    #expect(try server.credentials.renew())
                    #expect(try !server.credentials.renew())
                    try await server.withChannel(client) { channel in
                        let error = await failure { try await channel.call(who) }
                        #expect(error?.code == .unauthenticated)
                    }

                    try replace(folder, with: next.service("task-aggregator"))
                    #expect(try client.renew())
                    let renewed = try await server.withChannel(client) { channel in
                        try await channel.call(who).title
                    }
                    #expect(renewed == "task-aggregator")
                    // Who is connected stays so.
                    let stays = try await standing.call(who).title
                    #expect(stays == "task-aggregator")
                }
            }
        }
    }

    @Test("Files that are of no use are told once, and change nothing")
    func useless() async throws {
        try await TLSServer.with { server in
            let (authority, folder) = (server.certificates.authority, server.folder)
            func issued(_ name: String = "quota-service", seconds: Double = 3_600) throws -> String
            {
                try authority.issue(
                    name, for: .service, validity: TestCertificates.validity(seconds: seconds))
            }
            let faults: [(text: String, words: String)] = [
                ("", "PEM"), (try TestCertificates.selfSigned("quota-service"), "not signed"),
                (try issued("archive-service"), "instead of quota-service"),
                (try issued(seconds: -60), "is over"),
            ]
            for (text, words) in faults {
                try TestCertificates.writeIdentity(text, in: folder)
                let error = #expect(throws: TransportError.self) {
                    try server.credentials.renew()
                }
                #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
                #expect(try !server.credentials.renew())
                #expect(try await server.stillAnswers())
            }
            try FileManager.default.removeItem(atPath: folder + "/identity.pem")
            #expect(throws: TransportError.self) { try server.credentials.renew() }
            #expect(try await server.stillAnswers())
            try TestCertificates.writeIdentity(try issued(), in: folder)
            #expect(try server.credentials.renew())
            #expect(try await server.stillAnswers())
        }
    }
}
