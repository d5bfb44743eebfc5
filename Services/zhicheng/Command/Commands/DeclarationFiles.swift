import ArgumentParser
import ZhichengClient

// Files of a declaration: 佐证材料 of what it refers to, and those of 单位推荐意见.

extension DeclarationsCommand {
    struct Evidence: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "佐证材料 of the achievements that were submitted: writes them into a folder.")

        @OptionGroup var one: OneDeclaration
        @OptionGroup var folder: DownloadFolder

        func run() async throws {
            let files = try await one.withPlatform { client in
                let detail = try await client.declaration.get(
                    Declaration.GetDeclarationRequest(id: one.id))
                var saved: [Common.Attachment] = []
                for row in detail.sections.flatMap(\.rows) {
                    for file in row.evidence {
                        saved.append(file)
                        try await folder.save(
                            file, number: saved.count,
                            client.declaration.downloadEvidence(
                                Declaration.DownloadEvidenceRequest(
                                    id: one.id, itemID: row.itemID, attachmentID: file.id))
                        ) { $0.content }
                    }
                }
                return saved
            }
            try FileRecord.show(files, one.connection.output)
        }
    }

    struct RemoveFile: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove-file",
            abstract: "Takes a file out of 单位推荐意见 again.",
            discussion: "Proofs are counted first, then other material.")

        @OptionGroup var one: OneDeclaration
        @Option(help: "The file's number, from 1.")
        var file: Int

        func run() async throws {
            let rest = try await one.withPlatform { client in
                let found = try await client.declaration.get(
                    Declaration.GetDeclarationRequest(id: one.id)
                ).recommendation
                let files = (found?.noticeProofs ?? []) + (found?.materials ?? [])
                guard files.indices.contains(file - 1) else {
                    throw CommandFailure(.usage, "单位推荐意见有 \(files.count) 个文件")
                }
                return try await client.declaration.removeMaterial(
                    Declaration.RemoveMaterialRequest(
                        id: one.id, attachmentID: files[file - 1].id))
            }
            try FileRecord.show(rest.noticeProofs + rest.materials, one.connection.output)
        }
    }
}
