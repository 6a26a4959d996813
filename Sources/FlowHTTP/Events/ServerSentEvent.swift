/// One event of a stream (WHATWG HTML, section 9.2).
package struct ServerSentEvent: Sendable {
    /// The media type of a stream.
    package static let mediaType = "text/event-stream"
    /// A comment that keeps a silent stream alive.
    package static let heartbeat = Array(": heartbeat\n\n".utf8)

    /// The text of an event whose data is one line.
    package static func bytes(event: String, id: String? = nil, data: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(data.count + 64)
        if let id {
            bytes += "id: ".utf8
            bytes += id.utf8
            bytes.append(UInt8(ascii: "\n"))
        }
        bytes += "event: ".utf8
        bytes += event.utf8
        bytes += "\ndata: ".utf8
        bytes += data
        bytes += "\n\n".utf8
        return bytes
    }

    /// A hint how long to wait before connecting again.
    package static func retry(milliseconds: Int) -> [UInt8] { Array("retry: \(milliseconds)\n\n".utf8) }
}
