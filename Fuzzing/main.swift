// What Scripts/fuzz runs: libFuzzer over what reads foreign bytes.
//
//     zhicheng-fuzz seeds FOLDER                     writes a corpus to begin with, a folder per target
//     zhicheng-fuzz TARGET [LIBFUZZER'S ARGUMENTS]   a corpus folder, or one file to play again
import Foundation

/// libFuzzer's own entry, for programs that have a `main`.
@_silgen_name("LLVMFuzzerRunDriver")
func runFuzzer(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

func complain(_ text: String) {
    FileHandle.standardError.write(Data((text + "\n").utf8))
}

/// What must always hold does not: says so and ends the process, which libFuzzer notices.
func finding(_ message: @autoclosure () -> String) -> Never {
    complain("FINDING: \(message())")
    abort()
}

func check(_ isTrue: Bool, _ message: @autoclosure () -> String) {
    if !isTrue { finding(message()) }
}

let arguments = CommandLine.arguments
guard arguments.count > 1 else {
    complain("usage: zhicheng-fuzz seeds FOLDER | envelope|message|server|client ARGUMENTS")
    exit(64)
}
if arguments[1] == "seeds", arguments.count == 3 {
    try writeSeeds(to: arguments[2])
    exit(0)
}
// libFuzzer reads its arguments from behind the program's name.
var count = CommandLine.argc - 1
var rest = CommandLine.unsafeArgv + 1
switch arguments[1] {
case "envelope":
    exit(runFuzzer(&count, &rest) { fuzzEnvelope(UnsafeRawBufferPointer(start: $0, count: $1)) })
case "message":
    exit(runFuzzer(&count, &rest) { fuzzMessage(UnsafeRawBufferPointer(start: $0, count: $1)) })
case "server":
    exit(runFuzzer(&count, &rest) { fuzzServer(UnsafeRawBufferPointer(start: $0, count: $1)) })
case "client":
    exit(runFuzzer(&count, &rest) { fuzzClient(UnsafeRawBufferPointer(start: $0, count: $1)) })
default:
    complain("zhicheng-fuzz: no target is called \(arguments[1])")
    exit(64)
}
