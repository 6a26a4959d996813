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
