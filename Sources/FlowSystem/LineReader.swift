import Glibc

/// Reads lines from a descriptor, blocking its thread.
struct LineReader {
    let descriptor: Int32
    /// Longer lines are none.
    let maxBytes: Int

    /// Hands on every line without its end, until the other side closes.
    ///
    /// - Parameter pause: Called when all lines that have come together have been handed on.
    /// - Returns: false when a line was too long.
    func forEach(_ body: ([UInt8]) -> Void, pause: () -> Void = {}) -> Bool {
        var line: [UInt8] = []
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = read(descriptor, buffer.baseAddress, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                if !line.isEmpty { body(line) }
                return true
            }
            var rest = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<count])
            while let base = rest.baseAddress, let end = memchr(base, 0x0A, rest.count) {
                // Safe because the end that was found lies within what is left.
                let length = UnsafeRawPointer(end) - base
                line.append(contentsOf: rest[..<length])
                body(line)
                line.removeAll(keepingCapacity: line.capacity <= 1 << 16)
                rest = UnsafeRawBufferPointer(rebasing: rest[(length + 1)...])
            }
            line.append(contentsOf: rest)
            pause()
            if line.count > maxBytes { return false }
        }
    }
}
