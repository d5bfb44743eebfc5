import ArgumentParser
import Domain
import Foundation
import ZhichengClient

extension ArchiveCommand {
    struct Attach: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "佐证材料: adds files to a draft or a returned item.",
            discussion:
                "pdf jpg png doc docx, at most 10,485,760 bytes each; an item has at most 10.")

        @OptionGroup var item: OneItem
        @Argument(help: "The files.")
        var files: [String]

        func run() async throws {
            let uploads = try files.map { path in
                try Common.FileUpload(path: path, atMost: Common.FileUpload.mostBytes)
            }
            let stored = try await item.connection.withPlatform(
                session: item.session.token()
            ) { client in
                var stored: [Common.Attachment] = []
                for upload in uploads {
                    stored.append(
                        try await client.archive.uploadEvidence(
                            Archive.UploadEvidenceRequest(itemID: item.id, file: upload)))
                }
                return stored
            }
            try FileRecord.show(stored, item.connection.output)
        }
    }

    struct Download: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "佐证材料: writes the files of an item into a folder.")

        @OptionGroup var item: OneItem
        @OptionGroup var folder: DownloadFolder

        func run() async throws {
            let files = try await item.connection.withPlatform(
                session: item.session.token()
            ) { client in
                let found = try await client.archive.getItem(Archive.GetItemRequest(id: item.id))
                for (index, file) in found.evidence.enumerated() {
                    try await folder.save(
                        file, number: index + 1,
                        client.archive.downloadEvidence(
                            Archive.DownloadEvidenceRequest(
                                itemID: item.id, attachmentID: file.id))
                    ) { $0.content }
                }
                return found.evidence
            }
            try FileRecord.show(files, item.connection.output)
        }
    }
}

extension DeclarationsCommand {
    struct Download: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "单位公示证明 and 材料: writes the files of a recommendation into a folder.")

        @OptionGroup var one: OneDeclaration
        @OptionGroup var folder: DownloadFolder

        func run() async throws {
            let files = try await one.withPlatform { client in
                let found = try await client.declaration.get(
                    Declaration.GetDeclarationRequest(id: one.id)
                ).recommendation
                let files = (found?.noticeProofs ?? []) + (found?.materials ?? [])
                for (index, file) in files.enumerated() {
                    try await folder.save(
                        file, number: index + 1,
                        client.declaration.downloadMaterial(
                            Declaration.DownloadMaterialRequest(
                                id: one.id, attachmentID: file.id))
                    ) { $0.content }
                }
                return files
            }
            try FileRecord.show(files, one.connection.output)
        }
    }
}

extension EntrustmentsCommand {
    struct Download: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "委托函: writes the letter of a request into a folder.")

        @Argument(help: "The request, as the list names it.")
        var id: String
        @OptionGroup var folder: DownloadFolder
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var session: SessionOptions

        func run() async throws {
            let letter = try await connection.withPlatform(session: session.token()) {
                client -> Common.Attachment? in
                for try await found in client.declaration.allEntrustments(pageSize: 200)
                where found.id == id {
                    guard let letter = found.letter else { break }
                    try await folder.save(
                        letter, number: 1,
                        client.declaration.downloadLetter(Declaration.DownloadLetterRequest(id: id))
                    ) { $0.content }
                    return letter
                }
                return nil
            }
            guard let letter else { throw CommandFailure(.refused, "没有该委托，或委托没有委托函") }
            try FileRecord.show([letter], connection.output)
        }
    }
}

extension QuotasCommand {
    struct Form: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "相关附件: gives a draft its approval form, in place of the one before.",
            discussion: "doc docx pdf jpg, at most 10,485,760 bytes.")

        @Argument(help: "The record, as `zhicheng quota list -o json` names it.")
        var id: String
        @Argument(help: "The file.")
        var file: String
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var session: SessionOptions

        func run() async throws {
            let upload = try Common.FileUpload(path: file, atMost: Common.FileUpload.mostBytes)
            let stored = try await connection.withPlatform(session: session.token()) { client in
                try await client.quota.uploadApprovalForm(
                    Quota.UploadApprovalFormRequest(recordID: id, file: upload))
            }
            try FileRecord.show([stored], connection.output)
        }
    }

    struct DownloadForm: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "相关附件: writes the approval form of a record into a folder.")

        @Argument(help: "The record, as `zhicheng quota list -o json` names it.")
        var id: String
        @OptionGroup var folder: DownloadFolder
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var session: SessionOptions

        func run() async throws {
            let form = try await connection.withPlatform(session: session.token()) { client in
                let record = try await client.quota.getRecord(Quota.GetRecordRequest(id: id))
                guard let form = record.approvalForm else { return nil as Common.Attachment? }
                try await folder.save(
                    form, number: 1,
                    client.quota.downloadApprovalForm(
                        Quota.DownloadApprovalFormRequest(recordID: id))
                ) { $0.content }
                return form
            }
            guard let form else { throw CommandFailure(.refused, "岗位核准信息没有附件") }
            try FileRecord.show([form], connection.output)
        }
    }
}

/// Where downloads are written.
struct DownloadFolder: ParsableArguments {
    @Option(help: "The folder to write to; nothing in it is overwritten.")
    var to: String

    /// Writes a file piece by piece, "1-证书.pdf"; one that does not come whole goes away.
    /// - Parameter number: begins the name, so that files of one name do not meet.
    func save<Replies: AsyncSequence>(
        _ file: Common.Attachment, number: Int, _ replies: Replies,
        _ content: (Replies.Element) -> [UInt8]
    ) async throws {
        // The service takes no such name; one that says otherwise writes nowhere else, either.
        let name = file.fileName.replacing("/", with: "_")
        let url = URL(fileURLWithPath: to).appendingPathComponent("\(number)-\(name)")
        let handle: FileHandle
        do {
            try Data().write(to: url, options: .withoutOverwriting)
            handle = try FileHandle(forWritingTo: url)
        } catch {
            throw CommandFailure(.usage, "“\(url.path)” cannot be written: \(reason(error))")
        }
        do {
            for try await reply in replies { try handle.write(contentsOf: content(reply)) }
            try handle.close()
        } catch {
            try? handle.close()
            try? FileManager.default.removeItem(at: url)
            throw error
        }
    }
}

/// A stored file for programs.
struct FileRecord: Encodable {
    let id, fileName, mediaType, sha256: String
    let byteCount: Int64

    init(_ file: Common.Attachment) {
        id = file.id
        fileName = file.fileName
        mediaType = file.mediaType
        byteCount = file.byteCount
        sha256 = Hexadecimal.text(file.sha256)
    }

    static func show(_ files: [Common.Attachment], _ output: OutputFormat) throws {
        let records = files.map(FileRecord.init)
        guard output == .table else { return try Output.json(records) }
        Output.table(
            Table(
                ["序号", "文件名", "字节", "SHA-256"],
                rows: records.enumerated().map { index, record in
                    ["\(index + 1)", record.fileName, "\(record.byteCount)", record.sha256]
                }))
        if records.isEmpty { Output.note("没有附件") }
    }
}
