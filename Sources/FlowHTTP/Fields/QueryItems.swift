/// The query parameters of a request, of which every one has to be known.
package struct QueryItems: Sendable {
    private var items: [(name: String, value: String)] = []
    private var asked: [String] = []
    private var issues: [Problem.Issue] = []

    /// Reads the text behind `?`.
    package init(_ query: String?) {
        // By bytes: a mark behind a separator would otherwise make one character of both.
        for pair in (query ?? "").utf8.split(separator: UInt8(ascii: "&")) {
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
                .map { Substring($0) }
            guard let name = PercentEncoding.decode(parts[0], isQuery: true),
                let value = PercentEncoding.decode(parts.count == 2 ? parts[1] : "", isQuery: true)
            else {
                issues.append(Problem.Issue(parameter: String(parts[0]), "the parameter is not well encoded"))
                continue
            }
            items.append((name, value))
        }
    }

    /// The value of a parameter that may be given once.
    package mutating func text(_ name: String) -> String? {
        let values = texts(name)
        if values.count > 1 { refuse(name, "the parameter is given more than once") }
        return values.first
    }

    /// All values of a parameter that may be repeated.
    package mutating func texts(_ name: String) -> [String] {
        asked.append(name)
        return items.filter { $0.name == name }.map(\.value)
    }

    /// A value that has to be readable.
    package mutating func value<Value>(_ name: String, expected: String, _ read: (String) -> Value?) -> Value? {
        guard let text = text(name) else { return nil }
        if let value = read(text) { return value }
        refuse(name, "expected \(expected), found \"\(text.prefix(80))\"")
        return nil
    }

    /// Notes something wrong with a parameter.
    package mutating func refuse(_ name: String, _ detail: String) {
        issues.append(Problem.Issue(parameter: name, detail))
    }

    /// Refuses the request when a parameter is wrong or has not been asked for.
    package func finish() throws(Problem) {
        var all = issues
        for item in items where !asked.contains(item.name) {
            let known = asked.isEmpty ? "there are none here" : "known are \(asked.joined(separator: ", "))"
            all.append(Problem.Issue(parameter: item.name, "unknown query parameter; \(known)"))
        }
        guard all.isEmpty else { throw Problem(400, "query", "The query is not acceptable.", issues: all) }
    }
}

extension HTTPRequest {
    /// Refuses a query where none has a meaning.
    package func refuseQuery() throws(Problem) {
        if let query { try QueryItems(query).finish() }
    }
}
