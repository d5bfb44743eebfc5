import Foundation
import RPCTransport
import Secrets

/// The two key files of a deployment, in one folder.
struct DeploymentKeys {
    let folder: String

    /// Proves that a peer is a service of the deployment, or its operator.
    var service: String { folder + "/service.key" }
    /// Seals personal data.
    var fields: String { folder + "/field.keys" }

    /// Makes the folder and the files that are missing; what is there stays as it is.
    /// - Returns: the files that were made.
    func makeMissing() throws(CommandFailure) -> [String] {
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        } catch {
            throw CommandFailure(.usage, "cannot make the folder \(folder): \(reason(error))")
        }
        var made: [String] = []
        do throws(KeyFileError) {
            if !FileManager.default.fileExists(atPath: service) {
                try KeyFile.create(at: service)
                made.append(service)
            }
            if !FileManager.default.fileExists(atPath: fields) {
                try KeyRing.create(at: fields)
                made.append(fields)
            }
        } catch {
            throw CommandFailure(.usage, error.description)
        }
        return made
    }

    /// Reads a service key.
    static func key(at path: String) throws(CommandFailure) -> ServiceKey {
        do throws(KeyFileError) {
            guard let key = ServiceKey(try KeyFile.read(at: path)) else {
                preconditionFailure("a key file holds as many bytes as a service key has")
            }
            return key
        } catch {
            throw CommandFailure(.usage, error.description)
        }
    }
}
