import FlowCore
import FlowJSON

/// A condition of one of the forms that ``WorkloadGenerator`` writes: terms with ` && ` between them, each of which is
/// `PATH % NUMBER == NUMBER`, `PATH < NUMBER` or `nodes.ID.status == "STATUS"`.
struct Condition {
    /// What a path stands for.
    let value: (String) -> Int64?
    /// Where a node stands.
    let status: (String) -> String?

    /// Whether a condition holds; `nil` when it has no value.
    func holds(_ text: String) -> Bool? {
        for term in text.split(separator: "&&") {
            let words = term.split(separator: " ").map(String.init)
            let isTrue: Bool?
            if words.count == 5, let divisor = Int64(words[2]), let rest = Int64(words[4]) {
                isTrue = value(words[0]).map { $0 % divisor == rest }
            } else if words.count == 3, words[1] == "<", let bound = Int64(words[2]) {
                isTrue = value(words[0]).map { $0 < bound }
            } else if words.count == 3, words[1] == "==" {
                let node = words[0].split(separator: ".").map(String.init)
                isTrue = node.count == 3 ? status(node[1]).map { "\"\($0)\"" == words[2] } : nil
            } else {
                isTrue = nil
            }
            guard let isTrue else { return nil }
            if !isTrue { return false }
        }
        return true
    }
}
