import Foundation

/// A new directory.
package func madeDirectory() throws -> String {
    let path = temporaryDirectory()
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
}

/// Writes a file of text.
///
/// - Returns: its path.
package func file(_ name: String, _ text: String, in directory: String) throws -> String {
    let path = directory + "/" + name
    try Data(text.utf8).write(to: URL(filePath: path))
    return path
}

/// The text of a file.
package func text(of path: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
}

/// Makes a certificate for this machine.
///
/// - Returns: the paths of the certificate and its key.
package func certificate(in directory: String) async throws -> (certificate: String, key: String) {
    let paths = (certificate: directory + "/certificate.pem", key: directory + "/key.pem")
    let result = try await command(
        "openssl",
        [
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
            "subjectAltName=IP:127.0.0.1", "-keyout", paths.key, "-out", paths.certificate,
        ])
    guard result.code == 0 else { throw CommandFailed(error: result.error) }
    return paths
}

package struct CommandFailed: Error {
    package let error: String

    package init(error: String) { self.error = error }
}
