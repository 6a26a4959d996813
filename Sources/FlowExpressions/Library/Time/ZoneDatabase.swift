internal import FoundationEssentials
internal import Synchronization

/// The system's time zones, each read once.
final class ZoneDatabase: Sendable {
    static let shared = ZoneDatabase(directory: "/usr/share/zoneinfo")

    private let directory: String
    private let zones = Mutex<[String: TimeZoneRules?]>([:])

    init(directory: String) { self.directory = directory }

    /// The rules of a zone, `nil` when the system does not know it.
    func zone(_ name: String) -> TimeZoneRules? {
        guard Self.isName(name) else { return nil }
        if let known = zones.withLock({ $0[name] }) { return known }
        let data = try? Data(contentsOf: URL(filePath: directory + "/" + name))
        let rules = data.flatMap { TimeZoneRules(tzif: Array($0)) }
        zones.withLock { zones in
            // A client that asks for ever new names must not fill the memory.
            if zones.count > 1000 { zones.removeAll() }
            zones[name] = .some(rules)
        }
        return rules
    }

    /// Whether a text may be a zone's name: it must not lead out of the directory.
    private static func isName(_ name: String) -> Bool {
        guard name.utf8.count <= 64, let first = name.utf8.first, Lexer.isLetter(first) else { return false }
        return name.utf8.allSatisfy {
            Lexer.isLetter($0) || Lexer.isDigit($0) || $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "-")
                || $0 == UInt8(ascii: "+")
        }
    }
}
