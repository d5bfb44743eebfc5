import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// Writes a file that nobody but its owner can read, in place of what was there, all or nothing.
func writePrivately(_ data: Data, to path: String) throws {
    let temporary = path + ".new"
    try? FileManager.default.removeItem(atPath: temporary)
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
        throw CocoaError(.fileWriteNoPermission, userInfo: [NSFilePathErrorKey: path])
    }
    let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    try file.write(contentsOf: data)
    guard rename(temporary, path) == 0 else {
        throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: path])
    }
}

/// What went wrong with a file, for a person.
func reason(_ error: any Error) -> String {
    let error = error as NSError
    let cause = error.userInfo[NSUnderlyingErrorKey] as? NSError
    return (cause ?? error).localizedDescription
}

/// Makes a folder that nobody but its owner can enter, unless it is there already.
func makePrivateFolder(_ path: String) throws(CommandFailure) {
    do {
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
    } catch {
        throw CommandFailure(.usage, "cannot make the folder \(path): \(reason(error))")
    }
}
