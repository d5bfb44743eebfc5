import Foundation
import Secrets

/// The key file of a deployment, in a folder.
struct DeploymentKeys {
    let folder: String

    /// Seals personal data.
    var fields: String { folder + "/field.keys" }

    /// Makes the folder and the file when they are missing; what is there stays as it is.
    /// - Returns: whether the file was made.
    func makeMissing() throws(CommandFailure) -> Bool {
        try makePrivateFolder(folder)
        guard !FileManager.default.fileExists(atPath: fields) else { return false }
        do throws(KeyFileError) {
            try KeyRing.create(at: fields)
        } catch {
            throw CommandFailure(.usage, error.description)
        }
        return true
    }
}
