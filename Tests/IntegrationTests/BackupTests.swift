import Foundation
import TestSupport
import Testing

/// An operator's backup of a platform that runs.
@Suite("Backup", .timeLimit(.minutes(5)))
struct BackupTests {
    private func zhicheng(_ arguments: String...) async throws -> Finished {
        try await run(Products.executable("zhicheng"), arguments)
    }

    @Test("Of a running platform; checked, put back elsewhere, and never over anything")
    func whileRunning() async throws {
        try await RunningPlatform.with { platform in
            let (data, folder) = (platform.folder.path + "/data", platform.folder.path)
            let (backup, restored) = (folder + "/backup", folder + "/restored")
            let made = try await zhicheng("backup", "--data", data, "--to", backup)
            #expect(made.status == 0, "\(made.errors)")
            for service in Products.services {
                #expect(made.output.contains("\(service): backed up in"))
            }
            let sound = try await zhicheng("verify-backup", backup)
            #expect(sound.status == 0, "\(sound.errors)")
            let again = try await zhicheng("backup", "--data", data, "--to", backup)
            #expect(again.status == 2 && again.errors.contains("exists"))
            let live = try await zhicheng("restore", "--from", backup, "--data", data)
            #expect(live.status == 2 && live.errors.contains("another `zhicheng dev` runs"))

            let put = try await zhicheng("restore", "--from", backup, "--data", restored)
            #expect(put.status == 0, "\(put.errors)")
            #expect(try await zhicheng("verify-backup", restored).status == 0)
            let over = try await zhicheng("restore", "--from", backup, "--data", restored)
            #expect(over.status == 2 && over.errors.contains("there are databases in"))

            // One byte of one database, far behind its header.
            let file = try FileHandle(forUpdating: URL(fileURLWithPath: backup + "/identity.db"))
            try file.seek(toOffset: 8_192)
            try file.write(contentsOf: Data(repeating: 0x5a, count: 4_096))
            try file.close()
            let damaged = try await zhicheng("verify-backup", backup)
            #expect(damaged.status == 70 && damaged.errors.contains("identity-service"))
            let refused = try await zhicheng(
                "restore", "--from", backup, "--data", folder + "/refused")
            #expect(refused.status != 0)
            #expect(!FileManager.default.fileExists(atPath: folder + "/refused/identity.db"))
        }
    }
}
