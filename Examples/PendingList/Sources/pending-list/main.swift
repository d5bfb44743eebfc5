import Foundation
import PendingList
import ZhichengClient

// echo PASSWORD | swift run pending-list ACCOUNT [PORT]
let arguments = CommandLine.arguments.dropFirst()
guard let account = arguments.first, let port = Int(arguments.dropFirst().first ?? "7001"),
    (1...65_000).contains(port), let password = readLine()
else {
    FileHandle.standardError.write(
        Data("usage: echo PASSWORD | pending-list ACCOUNT [PORT]\n".utf8))
    exit(2)
}
do {
    let configuration = ClientConfiguration(endpoints: ServiceEndpoints(basePort: port))
    let lines = try await withClient(configuration) { client in
        try await PendingTasks(client).lines(account: account, password: password)
    }
    for line in lines { print(line) }
} catch let error as RPCError {
    FileHandle.standardError.write(Data((error.message(in: .chinese) + "\n").utf8))
    exit(1)
}
