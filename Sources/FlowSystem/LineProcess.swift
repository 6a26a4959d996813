import Dispatch
import Glibc
import Synchronization

/// A child process with which lines are exchanged over a socket that is its standard input and output.
package final class LineProcess: Sendable {
    /// Why a process was not started.
    package struct StartFailure: Error, Hashable, Sendable, CustomStringConvertible {
        /// The system's words.
        package let description: String
    }

    /// What becomes known of the process. All are called on threads of the process's own.
    package struct Events: Sendable {
        /// A line that it wrote to its standard output.
        package var line: @Sendable ([UInt8]) -> Void
        /// The lines that came together have all been handed on.
        package var pause: @Sendable () -> Void
        /// A line that it wrote to its standard error.
        package var errorLine: @Sendable ([UInt8]) -> Void
        /// It is gone; how, for people.
        package var end: @Sendable (String) -> Void

        /// Names what is called.
        package init(
            line: @escaping @Sendable ([UInt8]) -> Void, pause: @escaping @Sendable () -> Void = {},
            errorLine: @escaping @Sendable ([UInt8]) -> Void, end: @escaping @Sendable (String) -> Void
        ) {
            self.line = line
            self.pause = pause
            self.errorLine = errorLine
            self.end = end
        }
    }

    private struct State: Sendable {
        var isRunning = true
        var isOpen = true
        /// What the socket did not take yet.
        var backlog: [[UInt8]] = []
        var isDraining = false
    }

    /// The process's id.
    package let identifier: Int32
    private let socket: Int32
    private let state = Mutex(State())
    private let writer: DispatchQueue

    /// Starts a program, looked up in the path.
    ///
    /// - Throws: ``StartFailure`` when there is no such program or no process.
    package init(
        _ program: String, _ arguments: [String], environment: [String: String], maxLineBytes: Int, events: Events
    ) throws(StartFailure) {
        let child = try Spawn.start(program, arguments, environment)
        identifier = child.identifier
        socket = child.socket
        writer = DispatchQueue(label: "flowcore.process.writer")
        let errors = child.errors
        let ended = DispatchGroup()
        ended.enter()
        DispatchQueue(label: "flowcore.process.errors").async {
            _ = LineReader(descriptor: errors, maxBytes: 1 << 20).forEach(events.errorLine)
            close(errors)
            ended.leave()
        }
        // These block for as long as the process lives, each on the thread of a queue of its own.
        DispatchQueue(label: "flowcore.process.reader").async { [self] in
            let isWhole = LineReader(descriptor: socket, maxBytes: maxLineBytes).forEach(
                events.line, pause: events.pause)
            let end = reap()
            _ = ended.wait(timeout: .now() + .seconds(1))
            events.end(isWhole ? end : "it wrote a line of more than \(maxLineBytes) bytes")
        }
    }

    /// Sends a line without waiting; what the process does not take at once is sent later. Nothing happens when it is gone.
    package func write(_ line: [UInt8]) {
        state.withLock { state in
            guard state.isOpen else { return }
            guard state.backlog.isEmpty else { return state.backlog.append(line) }
            let sent = send(line[...])
            guard sent < line.count else { return }
            state.backlog.append(Array(line[sent...]))
            guard !state.isDraining else { return }
            state.isDraining = true
            writer.async { [self] in drain() }
        }
    }

    /// Ends the process, and all that it started, without asking it.
    package func kill() {
        state.withLock { state in
            // Once it is reaped its number may be somebody else's.
            if state.isRunning { _ = Glibc.kill(-identifier, SIGKILL) }
        }
    }

    /// - Returns: how many bytes the socket took; all when nobody reads them any more.
    private func send(_ bytes: ArraySlice<UInt8>) -> Int {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.dropFirst(sent).withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
            }
            if count > 0 {
                sent += count
            } else if errno == EAGAIN {
                return sent
            } else if errno != EINTR {
                return bytes.count
            }
        }
        return sent
    }

    private func drain() {
        while true {
            var wait = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
            _ = poll(&wait, 1, 1000)
            let isDone = state.withLock { state in
                while state.isOpen, let first = state.backlog.first {
                    let sent = send(first[...])
                    guard sent == first.count else {
                        state.backlog[0] = Array(first[sent...])
                        return false
                    }
                    state.backlog.removeFirst()
                }
                state.isDraining = false
                if !state.isOpen { close(socket) }
                return true
            }
            if isDone { return }
        }
    }

    /// Sees to it that the process is gone.
    ///
    /// - Returns: how it ended.
    private func reap() -> String {
        state.withLock { state in
            state.isOpen = false
            state.backlog = []
            shutdown(socket, Int32(SHUT_RDWR))
            // Otherwise whoever drains it closes it.
            if !state.isDraining { close(socket) }
        }
        var status: Int32 = 0
        // One that ends by itself has a moment to do so, so that it is known how.
        for _ in 0..<50 where waitid(identifier) == 0 { usleep(10_000) }
        kill()
        state.withLock { $0.isRunning = false }
        while waitpid(identifier, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7F
        return signal == 0 ? "it exited with \(status >> 8 & 0xFF)" : "it was ended by signal \(signal)"
    }

    /// Whether the process has ended, which is left to be asked for: 0 while it runs.
    private func waitid(_ identifier: Int32) -> Int32 {
        var info = siginfo_t()
        guard Glibc.waitid(P_PID, id_t(identifier), &info, WEXITED | WNOHANG | WNOWAIT) == 0 else { return 1 }
        return info.si_signo
    }
}
