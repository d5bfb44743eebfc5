import Foundation
import Hummingbird
import Logging
import SSOSimulator
import Synchronization

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A client of a simulator that really listens: it follows no redirect.
struct Browser: Sendable {
    let base: String
    private let session = URLSession(
        configuration: .ephemeral, delegate: StayHere(), delegateQueue: nil)

    init(port: Int) {
        base = "http://127.0.0.1:\(port)"
    }

    struct Page: Sendable {
        let status: Int
        let location: String?
        let contentType: String?
        let text: String
    }

    func get(_ path: String, _ query: [String: String] = [:]) async throws -> Page {
        let question = query.isEmpty ? "" : "?" + Self.form(query)
        let url = try requireURL(base + path + question)
        return try await load(URLRequest(url: url))
    }

    func post(
        _ path: String, form: [String: String], bearer: String? = nil
    ) async throws -> Page {
        var request = URLRequest(url: try requireURL(base + path))
        request.httpMethod = "POST"
        request.setValue("application/x-www-form-urlencoded", forHTTPHeaderField: "Content-Type")
        if let bearer {
            request.setValue("Bearer \(bearer)", forHTTPHeaderField: "Authorization")
        }
        request.httpBody = Data(Self.form(form).utf8)
        return try await load(request)
    }

    func post(_ path: String, body: String) async throws -> Page {
        var request = URLRequest(url: try requireURL(base + path))
        request.httpMethod = "POST"
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        request.httpBody = Data(body.utf8)
        return try await load(request)
    }

    private func load(_ request: URLRequest) async throws -> Page {
        let (data, response) = try await session.data(for: request)
        guard let response = response as? HTTPURLResponse else {
            throw URLError(.badServerResponse)
        }
        return Page(
            status: response.statusCode,
            location: response.value(forHTTPHeaderField: "Location"),
            contentType: response.value(forHTTPHeaderField: "Content-Type"),
            text: String(decoding: data, as: UTF8.self))
    }

    private static func form(_ values: [String: String]) -> String {
        values.map { "\($0.key)=\(percent($0.value))" }.joined(separator: "&")
    }

    private static func percent(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    }
}

private func requireURL(_ text: String) throws -> URL {
    guard let url = URL(string: text) else { throw URLError(.badURL) }
    return url
}

private final class StayHere: NSObject, URLSessionTaskDelegate {
    func urlSession(
        _ session: URLSession, task: URLSessionTask,
        willPerformHTTPRedirection response: HTTPURLResponse, newRequest request: URLRequest,
        completionHandler: @escaping (URLRequest?) -> Void
    ) {
        completionHandler(nil)
    }
}

/// A clock that tests move.
final class TestInstant: Sendable {
    private let offset = Mutex(Duration.zero)
    private let start = ContinuousClock.now

    var now: ContinuousClock.Instant { start + offset.withLock { $0 } }

    func advance(by duration: Duration) {
        offset.withLock { $0 += duration }
    }
}

/// Runs a simulator on a free port for as long as the body runs.
func withSimulator(
    clients: [String] = [], callbacks: [String] = [], clock: TestInstant = TestInstant(),
    _ body: @escaping @Sendable (Browser) async throws -> Void
) async throws {
    let simulator = Simulator(
        configuration: try SimulatorConfiguration(clients: clients, callbacks: callbacks),
        tickets: TicketOffice(now: { clock.now }), codes: TicketOffice(now: { clock.now }),
        unixTime: { 1_650_330_000 })
    let (ports, ready) = AsyncStream.makeStream(of: Int.self)
    var logger = Logger(label: "test")
    // The server is cancelled while connections idle; it says so as errors.
    logger.logLevel = .critical
    let application = simulator.application(host: "127.0.0.1", port: 0, logger: logger) { port in
        ready.yield(port)
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await application.runService(gracefulShutdownSignals: []) }
        for await port in ports {
            try await body(Browser(port: port))
            break
        }
        group.cancelAll()
        while let result = await group.nextResult() { _ = result }
    }
}
