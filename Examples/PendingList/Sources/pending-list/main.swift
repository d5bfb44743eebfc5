import Foundation
import PendingList
import ZhichengClient

// echo PASSWORD | swift run pending-list ca.pem ACCOUNT [PORT]
let arguments = Array(CommandLine.arguments.dropFirst())
guard (2...3).contains(arguments.count),
    let port = Int(arguments.count == 3 ? arguments[2] : "7001"), (1...65_000).contains(port),
    let password = readLine()
else {
    FileHandle.standardError.write(
        Data("usage: echo PASSWORD | pending-list ca.pem ACCOUNT [PORT]\n".utf8))
    exit(2)
}
do {
    let configuration = ClientConfiguration(
        credentials: try TLSCredentials(authorityFile: arguments[0]),
        endpoints: ServiceEndpoints(basePort: port))
    let lines = try await withClient(configuration) { client in
        try await PendingTasks(client).lines(account: arguments[1], password: password)
    }
    for line in lines { print(line) }
} catch let error as RPCError {
    FileHandle.standardError.write(Data((error.message(in: .chinese) + "\n").utf8))
    exit(1)
} catch let error as TransportError {
    FileHandle.standardError.write(Data("\(error)\n".utf8))
    exit(2)
}
