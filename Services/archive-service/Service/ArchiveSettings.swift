import ServiceRuntime

#if canImport(Glibc)
    import Glibc
#endif

/// The settings of archive-service, from `--set NAME=VALUE`.
struct ArchiveSettings: Sendable {
    /// The standard catalogue with the deployment's own kinds under 行业专用.
    let catalog: Catalog

    /// A JSON file of kinds for 行业专用: `IndustryKinds` says what it holds.
    private static let industryKinds = "industry-kinds"

    /// - Throws: an unknown setting, an unreadable file, a file that is no list of kinds.
    init(_ settings: [String: String]) throws(ConfigurationError) {
        if let unknown = settings.keys.filter({ $0 != Self.industryKinds }).min() {
            throw ConfigurationError(
                "archive-service has no setting “\(unknown)”; it has \(Self.industryKinds)")
        }
        guard let path = settings[Self.industryKinds] else {
            catalog = .standard
            return
        }
        do throws(ConfigurationError) {
            catalog = try Catalog.standard.adding(
                industryKinds: IndustryKinds(parsing: try Self.content(of: path)))
        } catch {
            throw ConfigurationError("\(Self.industryKinds): \(path): \(error.description)")
        }
    }

    /// At most one byte more than JSON may have.
    private static func content(of path: String) throws(ConfigurationError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw ConfigurationError("cannot be opened (errno \(errno))") }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: JSONValue.longest + 1)
        var count = 0
        while count < bytes.count {
            let step = bytes[count...].withUnsafeMutableBytes {
                read(descriptor, $0.baseAddress, $0.count)
            }
            guard step >= 0 else { throw ConfigurationError("cannot be read (errno \(errno))") }
            if step == 0 { break }
            count += step
        }
        return Array(bytes[..<count])
    }
}
