import ArgumentParser
import Foundation
import ZhichengClient

extension DeclarationsCommand {
    struct Recommend: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "单位推荐意见: what 通过 needs besides an opinion.",
            discussion: """
                What is not given stays as it was saved last. A public institution (事业单位) says \
                whether the post is occupied, and explains it either way.
                """)

        enum Answer: String, ExpressibleByArgument, CaseIterable { case yes, no }

        @OptionGroup var one: OneDeclaration
        @Option(help: "单位推荐意见, at most 2,000 characters.")
        var text: String?
        @Option(help: "单位公示证明: a file, pdf jpg png doc docx. May be given several times.")
        var proof: [String] = []
        @Option(help: "是否占用本单位的职位数: yes or no.")
        var occupies: Answer?
        @Option(help: "说明 of it, at most 500 characters.")
        var note: String?

        func run() async throws {
            let proofs = try proof.map { path in
                try Common.FileUpload(path: path, atMost: Common.FileUpload.mostBytes)
            }
            let (saved, vacancies) = try await one.withPlatform { client in
                for file in proofs {
                    _ = try await client.declaration.uploadMaterial(
                        Declaration.UploadMaterialRequest(
                            id: one.id, kind: .noticeProof, file: file))
                }
                let detail = try await client.declaration.get(
                    Declaration.GetDeclarationRequest(id: one.id))
                let before = detail.recommendation ?? Declaration.Recommendation()
                let saved = try await client.declaration.saveRecommendation(
                    Declaration.SaveRecommendationRequest(
                        id: one.id, text: text ?? before.text,
                        occupiesPost: occupies.map { $0 == .yes } ?? before.occupiesPost,
                        occupationNote: note ?? before.occupationNote))
                return (saved, detail.vacancies)
            }
            guard one.connection.output == .table else {
                return try Output.json(Document(saved))
            }
            Output.table(Table(recommendation: saved))
            if let vacancies, saved.occupiesPost != false { Output.line(vacancies.sentence) }
        }

        private struct Document: Encodable {
            let text, note: String
            let noticeProofs: [String]
            let occupiesPost: Bool?

            init(_ saved: Declaration.Recommendation) {
                text = saved.text
                note = saved.occupationNote
                noticeProofs = saved.noticeProofs.map(\.fileName)
                occupiesPost = saved.occupiesPost
            }
        }
    }
}

extension Common.FileUpload {
    /// Reads a file that is to be uploaded.
    /// - Parameter most: the most bytes that the service takes.
    init(path: String, atMost most: Int) throws(CommandFailure) {
        let content: Data
        do {
            let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            content = try handle.read(upToCount: most + 1) ?? Data()
        } catch {
            throw CommandFailure(.usage, "“\(path)” cannot be read: \(reason(error))")
        }
        guard content.count <= most else {
            throw CommandFailure(.usage, "“\(path)” has more than \(most) bytes")
        }
        self.init(
            fileName: URL(fileURLWithPath: path).lastPathComponent, content: Array(content))
    }
}
