import Foundation

/// A program that a test needs beside it, and that says on its first line that it is ready.
package enum ScriptProcess {
    /// Calls `body` with the first line of a program that is ended afterwards.
    package static func with<Result: Sendable>(
        _ words: [String], _ body: (String) async throws -> Result
    ) async throws -> Result {
        let pipe = Pipe()
        let process = try ChildProcess(
            words[0], Array(words.dropFirst()), environment: ProcessInfo.processInfo.environment,
            output: pipe.fileHandleForWriting.fileDescriptor, error: -1)
        try pipe.fileHandleForWriting.close()
        let handle = pipe.fileHandleForReading
        let result: Swift.Result<Result, any Error>
        do {
            let line = try await RawConnection.background { () -> String in
                var text = ""
                while !text.contains("\n") {
                    let part = handle.availableData
                    if part.isEmpty { break }
                    text += String(decoding: part, as: UTF8.self)
                }
                return text
            }
            result = .success(try await body(line))
        } catch {
            result = .failure(error)
        }
        kill(process.identifier, SIGKILL)
        _ = process.wait()
        return try result.get()
    }
}
