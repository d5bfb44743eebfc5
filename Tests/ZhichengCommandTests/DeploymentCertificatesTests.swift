import Certificates
import Foundation
import Testing

@testable import zhicheng

@Suite("zhicheng certs")
struct DeploymentCertificatesTests {
    private let now = Date(timeIntervalSince1970: 1_700_000_000)

    private func withFolder(_ body: (DeploymentCertificates) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("zhicheng-certs-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(DeploymentCertificates(folder.path))
    }

    private func days(_ count: Double) -> Date { now.addingTimeInterval(count * 86_400) }

    @Test("Everybody has a folder; files are the owner's alone, folders too")
    func files() throws {
        try withFolder { certificates in
            let made = try certificates.make(at: now)
            #expect(made.count == 7 && made.allSatisfy(\.isNew))
            let all = try FileManager.default.subpathsOfDirectory(atPath: certificates.folder)
            for path in all {
                let attributes = try FileManager.default.attributesOfItem(
                    atPath: certificates.folder + "/" + path)
                let isFolder = attributes[.type] as? FileAttributeType == .typeDirectory
                let mode = (attributes[.posixPermissions] as? NSNumber)?.intValue
                #expect(mode == (isFolder ? 0o700 : 0o600), "\(path)")
            }
            #expect(all.filter { $0.hasSuffix("identity.pem") }.count == 6)
        }
    }

    @Test("What has time stays, what ends within 30 days is made again, the authority lasts longer")
    func renewal() throws {
        try withFolder { certificates in
            _ = try certificates.make(at: now)
            #expect(try certificates.make(at: days(790)).allSatisfy { !$0.isNew })
            let late = try certificates.make(at: days(800))
            #expect(late.filter(\.isNew).count == 6)
            #expect(late.first?.isNew == false)
            #expect(try certificates.make(at: days(800)).allSatisfy { !$0.isNew })
            // Near the authority's own end nothing is made that would soon be worthless.
            let error = #expect(throws: CommandFailure.self) {
                try certificates.make(at: days(3_630))
            }
            #expect(error?.code == .usage)
        }
    }

    @Test("A new authority makes everything again")
    func newAuthority() throws {
        try withFolder { certificates in
            _ = try certificates.make(at: now)
            let before = try Data(contentsOf: URL(fileURLWithPath: certificates.authority))
            try FileManager.default.removeItem(atPath: certificates.folder + "/authority.pem")
            #expect(try certificates.make(at: now).allSatisfy(\.isNew))
            let after = try Data(contentsOf: URL(fileURLWithPath: certificates.authority))
            #expect(before != after)
            for (name, _) in DeploymentCertificates.names {
                let path = certificates.folder(of: name) + "/ca.pem"
                #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == after)
            }
        }
    }

    @Test("A damaged certificate is made again, a damaged authority is named and left alone")
    func damage() throws {
        try withFolder { certificates in
            _ = try certificates.make(at: now)
            let identity = certificates.folder(of: "quota-service") + "/identity.pem"
            try "half a".write(toFile: identity, atomically: false, encoding: .utf8)
            #expect(try certificates.make(at: now).filter(\.isNew).map(\.path) == [identity])
            let authority = certificates.folder + "/authority.pem"
            try "half a".write(toFile: authority, atomically: false, encoding: .utf8)
            let error = #expect(throws: CommandFailure.self) { try certificates.make(at: now) }
            #expect(error?.message.contains(authority) == true)
            #expect(try String(contentsOfFile: authority, encoding: .utf8) == "half a")
        }
    }
}
