import Glibc
import Synchronization

/// A file that is there, opened in order to have the disk take what anybody wrote to it.
package final class OpenFile: Sendable {
    private let descriptor: Mutex<Int32>

    /// - Returns: `nil` when there is no such file, or it may not be read.
    package init?(_ path: String) {
        let opened = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard opened >= 0 else { return nil }
        descriptor = Mutex(opened)
    }

    deinit { close() }

    /// Waits until what has been written to the file is on disk. Blocks its thread.
    package func synchronize() { descriptor.withLock { _ = fdatasync($0) } }

    /// Closes the file, with which the process gives up all locks that it has on it (POSIX, `fcntl`).
    package func close() {
        descriptor.withLock { descriptor in
            if descriptor >= 0 { _ = Glibc.close(descriptor) }
            descriptor = -1
        }
    }
}
