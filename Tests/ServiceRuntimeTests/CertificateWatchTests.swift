import Foundation
import Logging
import RPCTransport
import TestSupport
import Testing

@testable import ServiceRuntime

@Suite("Certificates that are renewed under a running service", .timeLimit(.minutes(1)))
struct CertificateWatchTests {
    private struct Lines: LogHandler {
        let lines: AsyncStream<(level: Logger.Level, text: String)>.Continuation
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { lines.yield((event.level, "\(event.message)")) }
    }

    @Test("What is of no use is an error in the log, once; new files are told")
    func tells() async throws {
        try await withTemporaryFolder { folder in
            let certificates = try TestCertificates(folder: folder)
            let path = try certificates.service("quota-service")
            let (lines, line) = AsyncStream.makeStream(of: (level: Logger.Level, text: String).self)
            let watch = CertificateWatch(
                credentials: try TLSCredentials(folder: path),
                logger: Logger(label: "test") { _ in Lines(lines: line) },
                interval: .milliseconds(5))
            try TestCertificates.writeIdentity("a letter", in: path)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await watch.run() }
                var told = lines.makeAsyncIterator()
                let fault = await told.next()
                #expect(fault?.level == .error)
                #expect(fault?.text.contains("PEM") == true, "\(fault?.text ?? "")")
                let renewed = try certificates.service("quota-service") + "/identity.pem"
                try TestCertificates.writeIdentity(
                    String(contentsOfFile: renewed, encoding: .utf8), in: path)
                // A look between the write and the chmod is another fault.
                var next = await told.next()
                while next?.level == .error { next = await told.next() }
                #expect(next?.level == .notice)
                group.cancelAll()
                try await group.waitForAll()
            }
        }
    }
}
