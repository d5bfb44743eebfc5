import Domain
import Messages
import RPC
import ServiceStubs
import TestSupport
import Testing

@testable import DeclarationService

/// 单位推荐意见 and its files (D7).
struct MaterialTests {
    @Test func uploadDownloadAndWhoSees() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let (officer, person) = (harness.officer("陈经办"), harness.applicant(1))
            let row = try await harness.claim(harness.submitted(person, plan), by: officer)
            let proof = try await harness.upload(row.id, .noticeProof, by: officer)
            let other = try await harness.upload(row.id, .other, by: officer, name: "材料.pdf")
            #expect(proof.mediaType == "application/pdf" && proof.sha256.count == 32)
            let request = Declaration.DownloadMaterialRequest(id: row.id, attachmentID: proof.id)
            let content = try await harness.declarations(officer).downloadMaterial(
                request, atMost: 1_000)
            #expect(content.attachment == proof && content.content.starts(with: Array("%PDF".utf8)))
            let seen = try await harness.declarations(officer).get(
                Declaration.GetDeclarationRequest(id: row.id))
            #expect(seen.recommendation?.noticeProofs == [proof])
            #expect(seen.recommendation?.materials == [other])
            // The unit's own until it approves.
            let hidden = try await harness.declarations(person.token).get(
                Declaration.GetDeclarationRequest(id: row.id))
            #expect(hidden.recommendation == nil)
            for token in [person.token, harness.officer("外单位", of: .company)] {
                let error = try await refusal {
                    try await harness.declarations(token).downloadMaterial(request, atMost: 1_000)
                }
                #expect(error.code == .notFound)
            }
            try await harness.recommend(row.id, by: officer, occupies: false)
            _ = try await harness.decide(row, .approved, by: officer)
            let shown = try await harness.declarations(person.token).get(
                Declaration.GetDeclarationRequest(id: row.id))
            #expect(shown.recommendation?.text == "同意推荐" && shown.recommendation?.version == 1)
            let late = try await refusal {
                try await harness.upload(row.id, .other, by: officer)
            }
            #expect(late.code == .failedPrecondition)
        }
    }

    @Test func aWrongFileIsRemoved() async throws {
        try await Harness.run { harness in
            let (officer, person) = (harness.officer("陈经办"), harness.applicant(1))
            let row = try await harness.claim(
                harness.submitted(person, harness.plan()), by: officer)
            var files: [Common.Attachment] = []
            for n in 1...RecommendationStore.mostFiles {
                files.append(
                    try await harness.upload(row.id, .other, by: officer, name: "\(n).pdf"))
            }
            let client = harness.declarations(officer)
            let full = try await refusal {
                try await client.openNotice(.init(id: row.id, expectedVersion: row.version))
            }
            #expect(full.code == .failedPrecondition, "its proof would find no room")
            let request = Declaration.RemoveMaterialRequest(
                id: row.id, attachmentID: files[0].id)
            for token in [harness.officer("郑经办"), harness.officer("外单位", of: .company)] {
                let error = try await refusal {
                    try await harness.declarations(token).removeMaterial(request)
                }
                #expect([.failedPrecondition, .notFound].contains(error.code))
            }
            let rest = try await client.removeMaterial(request)
            #expect(Set(rest.materials.map(\.id)) == Set(files.dropFirst().map(\.id)))
            #expect(
                try await refusal { try await client.removeMaterial(request) }.code == .notFound)
            let notice = try await client.openNotice(
                .init(id: row.id, expectedVersion: row.version))
            harness.clock.advance(by: .seconds(7 * 86_400))
            _ = try await client.closeNotice(
                .init(
                    noticeID: notice.id,
                    expectedVersion: harness.row(row.id, for: officer).version))
            let last = try await client.get(.init(id: row.id)).recommendation
            #expect(last?.noticeProofs.count == 1 && last?.materials.count == 19)
        }
    }

    @Test func whatIsRefused() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let officer = harness.officer("陈经办")
            let row = try await harness.claim(
                harness.submitted(harness.applicant(1), plan), by: officer)
            let kind = try await refusal {
                try await harness.upload(row.id, .unspecified, by: officer)
            }
            #expect(kind.fields == ["kind"])
            let wrong = try await refusal {
                try await harness.upload(row.id, .other, by: officer, name: "程序.exe")
            }
            #expect(wrong.fields == ["file"])
            let text = try await refusal {
                try await harness.declarations(officer).saveRecommendation(
                    Declaration.SaveRecommendationRequest(
                        id: row.id, text: String(repeating: "长", count: 2_001),
                        occupationNote: String(repeating: "长", count: 501)))
            }
            #expect(text.fields == ["text", "occupation_note"])
            let colleague = try await refusal {
                try await harness.recommend(row.id, by: harness.officer("郑经办"))
            }
            #expect(colleague.detail(Common.ClaimHolder.self)?.officerName == "陈经办")
        }
    }
}
