import MessageCoding
import Messages
import RPC
import ServiceLifecycle
import Synchronization
import Testing

@testable import RPCTransport

private let countdown = RPCMethod("test.v1.Test/Countdown", readOnly: true, kind: .serverStream)
private let join = RPCMethod("test.v1.Test/Join", kind: .clientStream)
private let chat = RPCMethod("test.v1.Test/Chat", kind: .bidirectional)

private func streamRoutes(_ more: (inout RouteTable) -> Void = { _ in }) -> RouteTable {
    routes { routes in
        routes.serverStream(countdown) {
            (news: Tasks.News, replies: ReplyWriter<Tasks.News>, _) in
            for number in stride(from: Int(news.title) ?? 0, through: 1, by: -1) {
                try await replies.send(Tasks.News(title: "\(number)"))
            }
        }
        routes.clientStream(join) { (requests: RequestStream<Tasks.News>, _) in
            var title = ""
            for try await news in requests { title += news.title }
            return Tasks.News(title: title)
        }
        routes.bidirectional(chat) {
            (requests: RequestStream<Tasks.News>, replies: ReplyWriter<Tasks.News>, _) in
            for try await news in requests {
                try await replies.send(Tasks.News(title: news.title + "!"))
            }
        }
        more(&routes)
    }
}

@Suite("Streams", .timeLimit(.minutes(2)))
struct StreamTests {
    @Test("One request, many replies, far more than a window", arguments: Way.allCases)
    func serverStream(way: Way) async throws {
        try await withChannel(way, streamRoutes()) { channel in
            let replies: ReplyStream<Tasks.News> = channel.serverStream(
                countdown, Tasks.News(title: "20000"), options: CallOptions())
            var expected = 20_000
            for try await news in replies {
                #expect(news.title == "\(expected)")
                expected -= 1
            }
            #expect(expected == 0)
            var count = 0
            for try await _ in replies { count += 1 }
            #expect(count == 20_000, "each iteration calls anew")
        }
    }

    @Test(
        "Many requests, one reply, messages larger than the window among them",
        arguments: Way.allCases)
    func clientStream(way: Way) async throws {
        let large = String(repeating: "x", count: 1 << 20)
        try await withChannel(way, streamRoutes()) { channel in
            let reply: Tasks.News = try await channel.clientStream(join, options: CallOptions()) {
                (requests: RequestWriter<Tasks.News>) in
                for number in 0..<12 {
                    try await requests.send(
                        Tasks.News(title: number % 4 == 0 ? large : "\(number)"))
                }
            }
            #expect(reply.title.utf8.count == 3 << 20 + 11)
            let empty: Tasks.News = try await channel.clientStream(join, options: CallOptions()) {
                (_: RequestWriter<Tasks.News>) in
            }
            #expect(empty.title.isEmpty)
        }
    }

    @Test("Many each way, in turns", arguments: Way.allCases)
    func bidirectional(way: Way) async throws {
        try await withChannel(way, streamRoutes()) { channel in
            let count = try await channel.bidirectional(chat, options: CallOptions()) {
                (requests: RequestWriter<Tasks.News>, replies: ReplyStream<Tasks.News>) in
                var iterator = replies.makeAsyncIterator()
                for number in 0..<500 {
                    try await requests.send(Tasks.News(title: "\(number)"))
                    let reply = try await iterator.next()
                    #expect(reply?.title == "\(number)!")
                }
                requests.finish()
                let end = try await iterator.next()
                #expect(end == nil)
                return 500
            }
            #expect(count == 500)
        }
    }

    @Test(
        "A failure comes after the messages before it, and has the service's words",
        arguments: Way.allCases)
    func failure(way: Way) async throws {
        let routes = streamRoutes { routes in
            routes.serverStream(RPCMethod("test.v1.Test/Fail", kind: .serverStream)) {
                (_: Tasks.News, replies: ReplyWriter<Tasks.News>, _) in
                try await replies.send(Tasks.News(title: "one"))
                throw RPCError(code: .failedPrecondition, message: "没有更多", verdict: .never)
            }
        }
        try await withChannel(way, routes) { channel in
            let replies: ReplyStream<Tasks.News> = channel.serverStream(
                RPCMethod("test.v1.Test/Fail", kind: .serverStream), Tasks.News(),
                options: CallOptions())
            var iterator = replies.makeAsyncIterator()
            let one = try await iterator.next()
            #expect(one?.title == "one")
            let error = await #expect(throws: RPCError.self) { _ = try await iterator.next() }
            #expect(error?.code == .failedPrecondition)
            #expect(error?.message == "没有更多")
            #expect(error?.method == "test.v1.Test/Fail")
        }
    }

    @Test(
        "A service that refuses early ends the sender's work with its reason",
        arguments: Way.allCases)
    func earlyRefusal(way: Way) async throws {
        let method = RPCMethod("test.v1.Test/Refuse", kind: .clientStream)
        let routes = streamRoutes { routes in
            routes.clientStream(method) {
                (requests: RequestStream<Tasks.News>, _) async throws -> Tasks.News in
                for try await _ in requests {
                    throw RPCError(code: .invalidArgument, message: "文件过大", verdict: .never)
                }
                return Tasks.News()
            }
        }
        try await withChannel(way, routes) { channel in
            let large = Tasks.News(title: String(repeating: "x", count: 100_000))
            let error = await #expect(throws: RPCError.self) {
                let _: Tasks.News = try await channel.clientStream(method, options: CallOptions()) {
                    (requests: RequestWriter<Tasks.News>) in
                    while true { try await requests.send(large) }
                }
            }
            #expect(error?.code == .invalidArgument)
            #expect(error?.message == "文件过大")
        }
    }

    @Test("A caller that leaves the loop cancels the handler", arguments: Way.allCases)
    func leaving(way: Way) async throws {
        let cancelled = Signal()
        let method = RPCMethod("test.v1.Test/Endless", kind: .serverStream)
        let routes = streamRoutes { routes in
            routes.serverStream(method) {
                (_: Tasks.News, replies: ReplyWriter<Tasks.News>, _) in
                defer { cancelled.raise() }
                while true { try await replies.send(Tasks.News(title: "more")) }
            }
        }
        try await withChannel(way, routes) { channel in
            let replies: ReplyStream<Tasks.News> = channel.serverStream(
                method, Tasks.News(), options: CallOptions())
            for try await _ in replies { break }
            try await cancelled.wait()
        }
    }

    @Test("A cancelled task ends its stream at both ends", arguments: Way.allCases)
    func cancellation(way: Way) async throws {
        let (began, cancelled) = (Signal(), Signal())
        let method = RPCMethod("test.v1.Test/Silent", kind: .serverStream)
        let routes = streamRoutes { routes in
            routes.serverStream(method) { (_: Tasks.News, _: ReplyWriter<Tasks.News>, _) in
                began.raise()
                defer { cancelled.raise() }
                try await Task.sleep(for: .seconds(3600))
            }
        }
        try await withChannel(way, routes) { channel in
            await withTaskGroup(of: RPCError?.self) { group in
                group.addTask {
                    let replies: ReplyStream<Tasks.News> = channel.serverStream(
                        method, Tasks.News(), options: CallOptions())
                    var iterator = replies.makeAsyncIterator()
                    do throws(RPCError) {
                        _ = try await iterator.next()
                        return nil
                    } catch {
                        return error
                    }
                }
                try? await began.wait()
                group.cancelAll()
                for await error in group { #expect(error?.code == .cancelled) }
            }
            try await cancelled.wait()
        }
    }

    @Test(
        "The time of a stream is its own: a deadline ends it on both sides", arguments: Way.allCases
    )
    func deadline(way: Way) async throws {
        let hasBegun = Mutex(false)
        let cancelled = Signal()
        let method = RPCMethod("test.v1.Test/Slow", kind: .serverStream)
        let routes = streamRoutes { routes in
            routes.serverStream(method) { (_: Tasks.News, _: ReplyWriter<Tasks.News>, _) in
                hasBegun.withLock { $0 = true }
                defer { cancelled.raise() }
                try await Task.sleep(for: .seconds(3600))
            }
        }
        try await withChannel(way, routes) { channel in
            var options = CallOptions()
            // On a busy machine a short time may run out before the handler begins.
            var timeout = Duration.milliseconds(100)
            while !hasBegun.withLock({ $0 }) {
                options.timeout = timeout
                let replies: ReplyStream<Tasks.News> = channel.serverStream(
                    method, Tasks.News(), options: options)
                var iterator = replies.makeAsyncIterator()
                let error = await #expect(throws: RPCError.self) { _ = try await iterator.next() }
                #expect(error?.code == .deadlineExceeded)
                timeout *= 2
            }
            try await cancelled.wait()
        }
    }

    @Test("Whoever reads slowly holds the sender back", arguments: Way.allCases)
    func backPressure(way: Way) async throws {
        let sent = Mutex(0)
        let method = RPCMethod("test.v1.Test/Flood", kind: .serverStream)
        let filled = Signal()
        let routes = streamRoutes { routes in
            routes.serverStream(method) {
                (_: Tasks.News, replies: ReplyWriter<Tasks.News>, _) in
                let message = Tasks.News(title: String(repeating: "x", count: 10_000))
                for number in 0..<200 {
                    if number == 25 { filled.raise() }
                    try await replies.send(message)
                    sent.withLock { $0 += 1 }
                }
            }
        }
        try await withChannel(way, routes) { channel in
            let replies: ReplyStream<Tasks.News> = channel.serverStream(
                method, Tasks.News(), options: CallOptions())
            var iterator = replies.makeAsyncIterator()
            _ = try await iterator.next()
            try await filled.wait()
            // A round trip of another call: had there been room, more would have been sent.
            let news: Tasks.News = try await channel.unary(
                echo, Tasks.News(), options: CallOptions())
            #expect(news.title.isEmpty)
            #expect(sent.withLock { $0 } <= 40, "256 KiB are 26 messages")
            var count = 1
            while try await iterator.next() != nil { count += 1 }
            #expect(count == 200)
        }
    }

    @Test("A handler hears of the shutdown, and ends well", .timeLimit(.minutes(1)))
    func drain() async throws {
        let method = RPCMethod("test.v1.Test/Watch", kind: .serverStream)
        var table = routes()
        table.serverStream(method) {
            (_: Tasks.News, replies: ReplyWriter<Tasks.News>, context: RequestContext) in
            try await replies.send(Tasks.News(title: "first"))
            await context.drain?.wait()
            try await replies.send(Tasks.News(title: "last"))
        }
        let server = RPCServer(
            configuration: configuration(), routes: table, admission: { _ in }, logger: quiet)
        let services = ServiceGroup(services: [server], logger: quiet)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            try await RPCTransportTests.withChannel(try await server.listeningPort()) { channel in
                let replies: ReplyStream<Tasks.News> = channel.serverStream(
                    method, Tasks.News(), options: CallOptions())
                var titles: [String] = []
                for try await news in replies {
                    titles.append(news.title)
                    if titles.count == 1 { await services.triggerGracefulShutdown() }
                }
                #expect(titles == ["first", "last"])
            }
            try await group.waitForAll()
        }
    }

    @Test("Many streams on one connection, each in its own order")
    func manyStreams() async throws {
        try await withChannel(.socket, streamRoutes()) { channel in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<40 {
                    group.addTask {
                        let replies: ReplyStream<Tasks.News> = channel.serverStream(
                            countdown, Tasks.News(title: "200"), options: CallOptions())
                        var expected = 200
                        for try await news in replies {
                            #expect(news.title == "\(expected)")
                            expected -= 1
                        }
                        #expect(expected == 0)
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test("A method that streams and one that does not are told apart")
    func kinds() async throws {
        try await withChannel(.socket, streamRoutes()) { channel in
            let asUnary = RPCMethod("test.v1.Test/Join")
            let error = await #expect(throws: RPCError.self) {
                let _: Tasks.News = try await channel.unary(
                    asUnary, Tasks.News(), options: CallOptions())
            }
            #expect(error?.code == .invalidArgument)
            let asStream = RPCMethod("test.v1.Test/Echo", kind: .clientStream)
            let other = await #expect(throws: RPCError.self) {
                let _: Tasks.News = try await channel.clientStream(
                    asStream, options: CallOptions()
                ) { (_: RequestWriter<Tasks.News>) in }
            }
            #expect(other?.code == .invalidArgument)
        }
    }
}
