/// Media types in requests: `Content-Type` and `Accept` (RFC 9110 sections 8.3 and 12.5.1).
package enum MediaTypes {
    /// JSON.
    package static let json = "application/json"
    /// A problem document, which every route may answer with.
    package static let problem = "application/problem+json"

    /// Whether a `Content-Type` says JSON in UTF-8.
    package static func isJSON(_ field: String?) -> Bool {
        guard let field else { return false }
        // What nearly all clients send.
        if field == json { return true }
        let parts = field.split(separator: ";")
        guard let type = parts.first?.trimmed.lowercased() else { return false }
        guard type == "application/json" || type.hasPrefix("application/") && type.hasSuffix("+json") else {
            return false
        }
        return parts.dropFirst().allSatisfy { parameter in
            let pair = parameter.trimmed.lowercased().split(separator: "=", maxSplits: 1)
            guard pair.first == "charset" else { return true }
            return pair.count == 2 && ["utf-8", "\"utf-8\"", "utf8"].contains(String(pair[1]))
        }
    }

    /// The one of the offers that the client likes best; the first when the client does not mind, `nil` when it takes
    /// none of them.
    package static func choose(accept fields: [String], from offers: [String]) -> String? {
        let parts = fields.flatMap { $0.split(separator: ",") }.filter { !$0.trimmed.isEmpty }
        if parts.isEmpty { return offers.first }
        let ranges = parts.compactMap { Range($0) }
        var best: (offer: String, quality: Double)?
        for offer in offers {
            // Of the ranges that take the offer, the most specific says how much it is liked.
            let match = ranges.filter { $0.includes(offer) }.max { $0.precision < $1.precision }
            guard let match, match.quality > 0, match.quality > best?.quality ?? 0 else { continue }
            best = (offer, match.quality)
        }
        return best?.offer
    }

    /// Whether the client takes an answer of one of these types. One that asks for problem documents alone takes JSON, unless
    /// it says that it does not.
    package static func takes(accept fields: [String], oneOf types: [String]) -> Bool {
        if choose(accept: fields, from: types) != nil { return true }
        guard types.contains(json), choose(accept: fields, from: [problem]) != nil else { return false }
        let ranges = fields.flatMap { $0.split(separator: ",") }.compactMap { Range($0) }
        return !ranges.contains { range in types.contains { range.includes($0) } }
    }

    private struct Range {
        let type: String
        let quality: Double

        init?(_ text: Substring) {
            let parts = text.split(separator: ";")
            guard var name = parts.first?.trimmed.lowercased() else { return nil }
            // Some clients say so.
            if name == "*" { name = "*/*" }
            guard name.contains("/") else { return nil }
            type = name
            let weight = parts.dropFirst().map { $0.trimmed.lowercased() }.first { $0.hasPrefix("q=") }
            quality = weight.flatMap { Double($0.dropFirst(2)) } ?? 1
        }

        /// 0 for everything, 1 for a whole class, 2 for one type.
        var precision: Int { type == "*/*" ? 0 : type.hasSuffix("/*") ? 1 : 2 }

        func includes(_ offer: String) -> Bool {
            switch precision {
            case 0: true
            case 1: offer.hasPrefix(type.dropLast())
            default: type == offer
            }
        }
    }
}
