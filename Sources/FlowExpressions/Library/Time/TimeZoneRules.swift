/// The offsets of one time zone, read from a file in the format of RFC 8536.
struct TimeZoneRules: Sendable {
    /// When an offset begins to hold, in seconds since 1970.
    private var starts: [Int64] = []
    private var offsets: [Int64] = []
    /// What holds before the first of them.
    private var first: Int64 = 0
    /// What holds after the last of them.
    private var rule: TimeZoneRule?

    /// Reads a file, unless it is malformed.
    init?(tzif bytes: [UInt8]) {
        var reader = Reader(bytes: bytes)
        guard let version1 = reader.header() else { return nil }
        guard version1.version >= UInt8(ascii: "2") else {
            guard read(&reader, version1, wide: false) else { return nil }
            return
        }
        // The first block has 32-bit times and is there for old readers.
        reader.position += version1.size(timeSize: 4)
        guard let header = reader.header(), read(&reader, header, wide: true) else { return nil }
        rule = TimeZoneRule(reader.footer())
    }

    /// The offset from UTC at an instant, in seconds.
    func offset(at time: Int64) -> Int64 {
        guard let last = starts.last, time < last else {
            return rule?.offset(at: time) ?? offsets.last ?? first
        }
        var (low, high) = (0, starts.count)
        while low < high {
            let middle = (low + high) / 2
            if starts[middle] <= time { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? first : offsets[low - 1]
    }

    private struct Header {
        var version: UInt8
        var utcFlags, standardFlags, leaps, times, types, characters: Int

        func size(timeSize: Int) -> Int {
            times * (timeSize + 1) + types * 6 + characters + leaps * (timeSize + 4) + standardFlags + utcFlags
        }
    }

    private mutating func read(_ reader: inout Reader, _ header: Header, wide: Bool) -> Bool {
        let end = reader.position + header.size(timeSize: wide ? 8 : 4)
        guard header.types > 0, end <= reader.bytes.count else { return false }
        for _ in 0..<header.times { starts.append(wide ? reader.integer64() : Int64(reader.integer32())) }
        var indices: [Int] = []
        for _ in 0..<header.times { indices.append(Int(reader.byte())) }
        var types: [Int64] = []
        for _ in 0..<header.types {
            types.append(Int64(reader.integer32()))
            reader.position += 2
        }
        guard indices.allSatisfy(types.indices.contains) else { return false }
        offsets = indices.map { types[$0] }
        first = types[0]
        reader.position = end
        return true
    }

    private struct Reader {
        let bytes: [UInt8]
        var position = 0

        mutating func byte() -> UInt8 {
            defer { position += 1 }
            return position < bytes.count ? bytes[position] : 0
        }

        mutating func integer32() -> Int32 {
            var number: UInt32 = 0
            for _ in 0..<4 { number = number << 8 | UInt32(byte()) }
            return Int32(bitPattern: number)
        }

        mutating func integer64() -> Int64 {
            var number: UInt64 = 0
            for _ in 0..<8 { number = number << 8 | UInt64(byte()) }
            return Int64(bitPattern: number)
        }

        mutating func header() -> Header? {
            guard position >= 0, position + 44 <= bytes.count,
                bytes[position..<(position + 4)].elementsEqual("TZif".utf8)
            else { return nil }
            position += 4
            let version = byte()
            position += 15
            let counts = (0..<6).map { _ in Int(integer32()) }
            guard counts.allSatisfy({ (0...100_000).contains($0) }) else { return nil }
            return Header(
                version: version, utcFlags: counts[0], standardFlags: counts[1], leaps: counts[2], times: counts[3],
                types: counts[4], characters: counts[5])
        }

        /// The line behind the data, which holds the rule for the times after them.
        func footer() -> String {
            let rest = bytes[min(position, bytes.count)...].drop { $0 == UInt8(ascii: "\n") }
            return String(decoding: rest.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        }
    }
}
