/// Reads server-sent events off bytes that come in parts of any size (WHATWG HTML, section 9.2).
///
/// Lines are put together before they are read, so that a part may end within a character. An event that is not followed
/// by an empty line is none.
struct EventStreamReader: Sendable {
    private static let lineFeed = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")
    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    private var line: [UInt8] = []
    private var data: [UInt8]?
    private var type: String?
    private var isFirstLine = true
    private var isAfterReturn = false

    /// One event.
    struct Event: Sendable {
        /// The name that the stream gave it, or `message`.
        var type: String
        var data: [UInt8]
    }

    /// The data of the events that end within the next bytes.
    mutating func read(_ bytes: [UInt8]) -> [[UInt8]] { events(in: bytes).map(\.data) }

    /// The events that end within the next bytes.
    mutating func events(in bytes: [UInt8]) -> [Event] {
        var events: [Event] = []
        for byte in bytes {
            defer { isAfterReturn = byte == Self.carriageReturn }
            switch byte {
            case Self.lineFeed where isAfterReturn: continue
            case Self.lineFeed, Self.carriageReturn:
                if let event = endLine() { events.append(event) }
            default: line.append(byte)
            }
        }
        return events
    }

    /// Takes a line in; the event that it ends.
    private mutating func endLine() -> Event? {
        defer { line.removeAll(keepingCapacity: true) }
        if isFirstLine {
            isFirstLine = false
            if line.starts(with: Self.byteOrderMark) { line.removeFirst(Self.byteOrderMark.count) }
        }
        if line.isEmpty {
            let name = type.take()
            return data.take().map { Event(type: name ?? "message", data: $0) }
        }
        let name = line.prefix { $0 != UInt8(ascii: ":") }
        // Comments have no name; the id of an event says nothing here.
        let isData = name.elementsEqual("data".utf8)
        guard isData || name.elementsEqual("event".utf8) else { return nil }
        var value = line.dropFirst(name.count + 1)
        if value.first == UInt8(ascii: " ") { value.removeFirst() }
        guard isData else {
            type = value.isEmpty ? nil : String(decoding: value, as: UTF8.self)
            return nil
        }
        data = data.map { $0 + [Self.lineFeed] + value } ?? Array(value)
        return nil
    }
}
