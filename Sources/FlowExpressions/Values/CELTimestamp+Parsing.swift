extension CELTimestamp {
    /// Reads a text of RFC 3339, such as `2009-02-13T23:31:30.5+01:00`.
    ///
    /// - Throws: ``EvaluationError`` when it is none, or beyond the years 1 to 9999.
    public init(_ text: String) throws(EvaluationError) {
        var reader = Reader(bytes: Array(text.utf8))
        guard let (seconds, nanoseconds) = reader.timestamp() else {
            throw EvaluationError(.invalidArgument, "the string is no timestamp of RFC 3339")
        }
        try self.init(seconds: seconds, nanoseconds: nanoseconds)
    }

    private struct Reader {
        let bytes: [UInt8]
        var position = 0

        mutating func timestamp() -> (seconds: Int64, nanoseconds: Int32)? {
            guard let year = number(4), take("-"), let month = number(2), take("-"), let day = number(2),
                take("T") || take("t"),
                let hour = number(2), take(":"), let minute = number(2), take(":"), let second = number(2),
                (1...12).contains(month), day >= 1, day <= CivilTime.days(inMonth: month, ofYear: year),
                hour < 24, minute < 60, second < 60, let nanoseconds = fraction(), let offset = zone(),
                position == bytes.count
            else { return nil }
            let days = CivilTime.days(year: year, month: month, day: day)
            return (days * 86_400 + hour * 3600 + minute * 60 + second - offset, nanoseconds)
        }

        private mutating func take(_ character: Unicode.Scalar) -> Bool {
            guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
            position += 1
            return true
        }

        private mutating func number(_ digits: Int) -> Int64? {
            guard position + digits <= bytes.count else { return nil }
            var number: Int64 = 0
            for byte in bytes[position..<(position + digits)] {
                guard Lexer.isDigit(byte) else { return nil }
                number = number * 10 + Int64(byte - UInt8(ascii: "0"))
            }
            position += digits
            return number
        }

        private mutating func fraction() -> Int32? {
            guard take(".") || take(",") else { return 0 }
            var number: Int32 = 0
            var digits = 0
            while position < bytes.count, Lexer.isDigit(bytes[position]) {
                guard digits < 9 else { return nil }
                number = number * 10 + Int32(bytes[position] - UInt8(ascii: "0"))
                digits += 1
                position += 1
            }
            guard digits > 0 else { return nil }
            for _ in digits..<9 { number *= 10 }
            return number
        }

        private mutating func zone() -> Int64? {
            if take("Z") || take("z") { return 0 }
            let isWest = take("-")
            guard isWest || take("+"), let hours = number(2), take(":"), let minutes = number(2), hours < 24,
                minutes < 60
            else { return nil }
            return (hours * 3600 + minutes * 60) * (isWest ? -1 : 1)
        }
    }
}
