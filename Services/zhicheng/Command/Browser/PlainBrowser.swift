import Foundation

/// A browser as far as the demonstration needs one: plain HTTP, one request per connection, redirects left to the caller.
struct PlainBrowser: Sendable {
    struct Page: Sendable {
        let status: Int
        /// Header names in lower case.
        let headers: [String: String]
        let text: String
    }

    /// How many seconds it waits for each part of an answer.
    var patience = BlockingSocket.usualSeconds

    func get(_ address: String) async throws -> Page {
        try await load("GET", address, body: nil)
    }

    /// Sends the form's fields as a page's form would.
    func post(_ address: String, form: [(name: String, value: String)]) async throws -> Page {
        let body = form.map { "\(Self.encoded($0.name))=\(Self.encoded($0.value))" }
            .joined(separator: "&")
        return try await load("POST", address, body: body)
    }

    private func load(_ verb: String, _ address: String, body: String?) async throws -> Page {
        guard let parts = URLComponents(string: address), parts.scheme == "http",
            let host = parts.host
        else { throw SocketFault(plainly: "“\(address)” is no http address") }
        let query = parts.percentEncodedQuery.map { "?\($0)" } ?? ""
        let path = (parts.percentEncodedPath.isEmpty ? "/" : parts.percentEncodedPath) + query
        var request = "\(verb) \(path) HTTP/1.1\r\nHost: \(host):\(parts.port ?? 80)\r\n"
        if let body {
            request += "Content-Type: application/x-www-form-urlencoded\r\n"
            request += "Content-Length: \(body.utf8.count)\r\n"
        }
        request += "Connection: close\r\n\r\n\(body ?? "")"
        return try await offThread { [request] in
            let socket = try BlockingSocket(host: host, port: parts.port ?? 80, seconds: patience)
            try socket.send(request)
            let answer = try socket.receive { _ in false }
            return try Self.page(String(decoding: answer, as: UTF8.self))
        }
    }

    private static func page(_ answer: String) throws(SocketFault) -> Page {
        guard let end = answer.range(of: "\r\n\r\n") else {
            throw SocketFault(plainly: "the answer is no HTTP")
        }
        let lines = answer[..<end.lowerBound].components(separatedBy: "\r\n")
        let words = lines[0].split(separator: " ")
        guard words.count >= 2, let status = Int(words[1]) else {
            throw SocketFault(plainly: "the answer is no HTTP")
        }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
        }
        return Page(status: status, headers: headers, text: String(answer[end.upperBound...]))
    }

    private static func encoded(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    }
}
