/// What a time zone adds to UTC: a fixed offset such as `-02:30`, or a name of the system's zone database.
enum ZoneOffset {
    /// The offset in seconds at an instant.
    ///
    /// - Throws: ``EvaluationError`` when there is no such zone.
    static func seconds(_ zone: String, at time: Int64) throws(EvaluationError) -> Int64 {
        if zone == "UTC" || zone == "Z" || zone.isEmpty { return 0 }
        if let fixed = fixed(zone) { return fixed }
        guard let offset = ZoneDatabase.shared.zone(zone)?.offset(at: time) else {
            throw EvaluationError(.invalidArgument, "unknown time zone")
        }
        return offset
    }

    /// Hours and minutes with an optional sign.
    private static func fixed(_ zone: String) -> Int64? {
        var digits = Substring(zone)
        let isNegative = digits.hasPrefix("-")
        if isNegative || digits.hasPrefix("+") { digits.removeFirst() }
        let parts = digits.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2,
            parts.allSatisfy({ (1...2).contains($0.utf8.count) && $0.utf8.allSatisfy(Lexer.isDigit) }),
            let hours = Int64(parts[0]), let minutes = Int64(parts[1]), hours < 24, minutes < 60
        else { return nil }
        return (hours * 3600 + minutes * 60) * (isNegative ? -1 : 1)
    }
}
