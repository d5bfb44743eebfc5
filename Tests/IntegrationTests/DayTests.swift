import Foundation
import Testing

/// What a person sees who follows the README.
@Suite("The manual's day", .timeLimit(.minutes(5)))
struct DayTests {
    @Test("zhicheng demo plays it on real processes, and every step holds")
    func demo() async throws {
        let result = try await run(Products.executable("zhicheng"), ["demo"])
        #expect(result.status == 0, "\(result.errors)")
        for label in ["任务中心", "待处理", "已处理", "业绩档案", "岗位核准信息", "单位推荐意见"] {
            #expect(result.output.contains(label), "the day shows no \(label)")
        }
    }

    @Test("Every service really uses libprotobuf-c and libsqlite3", arguments: Products.services)
    func libraries(service: String) async throws {
        let result = try await run(
            URL(fileURLWithPath: "/usr/bin/ldd"), [Products.executable(service).path])
        #expect(result.output.contains("libprotobuf-c.so"))
        #expect(result.output.contains("libsqlite3.so"))
    }
}
