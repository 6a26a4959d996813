import Foundation

/// The program itself, started as a user would.
package final class ServerProcess: Sendable {
    private let process: ChildProcess
    package let port: Int
    package let firstLine: String
    package var client: TestClient { TestClient(port: port) }

    package struct DidNotStart: Error { package let output: String }

    /// Where the program is: the one that was built beside the tests.
    package static var binary: String {
        if let path = ProcessInfo.processInfo.environment["FLOWCORE_BINARY"] { return path }
        // The tests lie in a folder of the same build.
        var folder = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        for _ in 0..<4 {
            let candidate = folder.appending(path: "flowcore").path()
            if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
            folder.deleteLastPathComponent()
        }
        return ".build/debug/flowcore"
    }

    /// Starts a server on a free port and waits for its first line.
    ///
    /// - Parameters:
    ///   - data: The directory of its database; `nil` when the settings name it.
    ///   - log: The file that takes its standard error; `nil` for none.
    package init(
        data: String?, arguments: [String] = [], environment: [String: String] = [:], log: String? = nil
    ) async throws {
        let pipe = Pipe()
        let words = ["serve", "--port", "0"] + (data.map { ["--data", $0] } ?? []) + arguments
        let all = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let error = try log.map { path in
            _ = FileManager.default.createFile(atPath: path, contents: nil)
            return try FileHandle(forWritingTo: URL(filePath: path))
        }
        process = try ChildProcess(
            Self.binary, words, environment: all, output: pipe.fileHandleForWriting.fileDescriptor,
            error: error?.fileDescriptor ?? -1)
        try error?.close()
        try pipe.fileHandleForWriting.close()
        let handle = pipe.fileHandleForReading
        let line = try await RawConnection.background { () -> String in
            var text = ""
            while !text.contains("\n") {
                let part = handle.availableData
                if part.isEmpty { break }
                text += String(decoding: part, as: UTF8.self)
            }
            return text
        }
        guard let number = line.split(separator: ":").last.flatMap({ Int($0.filter(\.isNumber)) }) else {
            _ = process.wait()
            throw DidNotStart(output: line)
        }
        firstLine = String(line.prefix { $0 != "\n" })
        port = number
    }

    /// Sends a signal.
    package func signal(_ number: Int32) { kill(process.identifier, number) }

    /// Has every write to a file fail, or not any more: the limit on the size of its files is one byte.
    package func failWrites(_ fail: Bool) async throws {
        let limit = fail ? "1" : "unlimited"
        let result = try await command("prlimit", ["--pid", "\(process.identifier)", "--fsize=\(limit):unlimited"])
        guard result.code == 0 else { throw CommandFailed(error: result.error) }
    }

    /// Starts a server and sends it SIGTERM in the first moment in which it does not leave that to the system.
    ///
    /// - Returns: the exit code, or the signal as a negative number.
    package static func terminateEarly(data: String) async throws -> Int32 {
        try await RawConnection.background {
            let process = try ChildProcess(
                binary, ["serve", "--port", "0", "--data", data], environment: ProcessInfo.processInfo.environment,
                output: -1, error: -1)
            while true {
                let status = try text(of: "/proc/\(process.identifier)/status").split(separator: "\n")
                func mask(_ name: String) -> UInt64 {
                    let line = status.first { $0.hasPrefix(name + ":") }
                    return line.flatMap { UInt64($0.split(separator: "\t")[1], radix: 16) } ?? 0
                }
                if (mask("SigIgn") | mask("SigCgt")) >> UInt64(SIGTERM - 1) & 1 == 1 { break }
                if status.contains(where: { $0.hasPrefix("State:\tZ") }) { break }
            }
            kill(process.identifier, SIGTERM)
            return process.wait()
        }
    }

    /// Kills the process and waits until it is gone.
    package func crash() async throws {
        signal(SIGKILL)
        _ = try await exit()
    }

    /// Asks for an orderly end and waits for it.
    ///
    /// - Returns: the exit code, or the signal as a negative number.
    package func stop() async throws -> Int32 {
        signal(SIGTERM)
        return try await exit()
    }

    /// Waits for the end.
    ///
    /// - Returns: the exit code, or the signal as a negative number.
    package func exit() async throws -> Int32 {
        try await RawConnection.background { [process] in process.wait() }
    }
}

/// What a command printed, and how it ended.
package struct CommandResult: Sendable {
    package let output: String
    package let error: String
    package let code: Int32
}

/// Runs the program to its end.
package func flowcore(_ arguments: [String], environment: [String: String] = [:]) async throws -> CommandResult {
    try await run(ServerProcess.binary, arguments, environment)
}

/// Runs a command of the system to its end.
package func command(_ name: String, _ arguments: [String]) async throws -> CommandResult {
    try await run(name, arguments, [:])
}

private func run(_ program: String, _ arguments: [String], _ environment: [String: String]) async throws
    -> CommandResult
{
    try await RawConnection.background {
        let folder = URL(filePath: temporaryDirectory())
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        // Files, not pipes: a full pipe would stop the program.
        let handles = try ["out", "err"].map { name in
            _ = FileManager.default.createFile(atPath: folder.appending(path: name).path(), contents: nil)
            return try FileHandle(forWritingTo: folder.appending(path: name))
        }
        let process = try ChildProcess(
            program, arguments, environment: ProcessInfo.processInfo.environment.merging(environment) { $1 },
            output: handles[0].fileDescriptor, error: handles[1].fileDescriptor)
        let code = process.wait()
        for handle in handles { try handle.close() }
        func text(_ name: String) throws -> String {
            String(decoding: try Data(contentsOf: folder.appending(path: name)), as: UTF8.self)
        }
        return CommandResult(output: try text("out"), error: try text("err"), code: code)
    }
}
