import Foundation
import Synchronization

/// A program that a test starts, with what it prints in a file.
package final class ToolProcess: Sendable {
    private let process: ChildProcess
    private let isOver = Mutex(false)
    /// The file that takes what it prints.
    package let log: String

    package struct EndedEarly: Error { package let output: String }

    /// Starts a program.
    package init(_ program: String, _ arguments: [String], environment: [String: String] = [:], log: String) throws {
        self.log = log
        if !FileManager.default.fileExists(atPath: log) {
            _ = FileManager.default.createFile(atPath: log, contents: nil)
        }
        let file = try FileHandle(forWritingTo: URL(filePath: log))
        try file.seekToEnd()
        process = try ChildProcess(
            program, arguments, environment: ProcessInfo.processInfo.environment.merging(environment) { $1 },
            output: file.fileDescriptor, error: file.fileDescriptor)
        try file.close()
    }

    deinit {
        if !isOver.withLock({ $0 }) {
            kill(process.identifier, SIGKILL)
            _ = process.wait()
        }
    }

    /// What it has printed.
    package var output: String { (try? text(of: log)) ?? "" }

    /// Waits until it has printed something, so many times.
    package func prints(_ text: String, times: Int = 1) async throws {
        try await until {
            if output.components(separatedBy: text).count > times { return true }
            guard isAlive else { throw EndedEarly(output: output) }
            return false
        }
    }

    private var isAlive: Bool {
        // A zombie still takes signals.
        guard let status = try? TestSupport.text(of: "/proc/\(process.identifier)/stat") else { return false }
        return !status.contains(") Z ")
    }

    package func signal(_ number: Int32) { kill(process.identifier, number) }

    /// Ends it at once.
    package func terminate() async throws {
        signal(SIGKILL)
        _ = try await exit()
    }

    /// Waits for the end.
    ///
    /// - Returns: the exit code, or the signal as a negative number.
    @discardableResult
    package func exit() async throws -> Int32 {
        let code = try await RawConnection.background { [process] in process.wait() }
        isOver.withLock { $0 = true }
        return code
    }
}

/// A port that nobody listens on for the moment.
package func freePort() throws -> Int {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
            bind(descriptor, address, length) == 0 ? getsockname(descriptor, address, &length) : -1
        }
    }
    guard code == 0 else { throw CommandFailed(error: "no port is free") }
    return Int(UInt16(bigEndian: address.sin_port))
}
