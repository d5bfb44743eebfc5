/// The simulator's pages: plain HTML, usable with a keyboard, a screen reader and without JavaScript.
struct Pages: Sendable {
    let accounts: [LegalPerson]

    private static let notice = """
        <p class="notice" role="note"><strong>仅供开发演示。</strong>这是“闽政通”的模拟程序，\
        单位、人员、证件号码均为虚构，请勿输入真实账号或密码。</p>
        """

    /// Says what this is, and which accounts there are.
    func home() -> String {
        let rows = accounts.map { account in
            """
            <tr><td>\(escaped(account.unit.name))</td><td>\(escaped(account.account))</td>\
            <td>\(escaped(account.password))</td><td>\(escaped(account.agent.name))</td></tr>
            """
        }
        return page(
            "闽政通模拟登录",
            """
            <p>业务系统把浏览器带到 <code>/login</code>（信任票据）或 \
            <code>/authorize</code>（OAuth2 授权码），登录后带着一次性票据或授权码返回。</p>
            <table><caption>演示法人账号</caption>
            <thead><tr><th scope="col">单位名称</th><th scope="col">法人账号</th>\
            <th scope="col">密码</th><th scope="col">经办人</th></tr></thead>
            <tbody>
            \(rows.joined(separator: "\n"))
            </tbody></table>
            """)
    }

    /// The password page 法人账号密码登录.
    /// - Parameter fault: what was wrong with the last try.
    func password(_ request: LoginRequest, account: String = "", fault: SimulatorFault? = nil)
        -> String
    {
        page(
            (fault == nil ? "" : "错误：") + "法人账号密码登录",
            """
            \(ways(request, current: .password))
            \(fault.map { summary($0) } ?? "")
            <form method="post" action="\(request.path)">
            \(hidden(request))
            <p><label for="account">法人账号（统一社会信用代码）</label>
            <input id="account" name="account" type="text" autocomplete="username" required\
             maxlength="40" value="\(escaped(account))"\(fault == nil ? "" : invalid)></p>
            <p><label for="password">密码</label>
            <input id="password" name="password" type="password" autocomplete="current-password"\
             required maxlength="100"\(fault == nil ? "" : invalid)></p>
            <p><button type="submit">登录</button></p>
            </form>
            """)
    }

    /// The page APP扫码登录. No code is drawn: choosing a unit and confirming stands for the scan.
    func scan(_ request: LoginRequest) -> String {
        let options = accounts.map {
            "<option value=\"\(escaped($0.account))\">\(escaped($0.unit.name))（\(escaped($0.agent.name))）</option>"
        }
        return page(
            "闽政通APP扫码登录",
            """
            \(ways(request, current: .scan))
            <p>正式环境在此显示二维码。演示时请选择单位，以“模拟扫码确认”代替手机扫码。</p>
            <form method="post" action="\(request.path)/scan">
            \(hidden(request))
            <p><label for="account">扫码的单位（经办人）</label>
            <select id="account" name="account" required>
            \(options.joined(separator: "\n"))
            </select></p>
            <p><button type="submit">模拟扫码确认</button></p>
            </form>
            """)
    }

    /// Instead of a login page, when the browser came with something wrong.
    func refusal(_ fault: SimulatorFault) -> String {
        page("错误：无法登录", summary(fault) + "\n<p>请返回业务系统重新登录。</p>")
    }

    private enum Way: String {
        case scan = "APP扫码"
        case password = "法人账号密码"
    }

    private func ways(_ request: LoginRequest, current: Way) -> String {
        let query = request.fields.map { "\($0.name)=\(encoded($0.value))" }
            .joined(separator: "&amp;")
        func link(_ way: Way, _ path: String) -> String {
            let mark = way == current ? " aria-current=\"page\"" : ""
            return "<li><a href=\"\(path)?\(query)\"\(mark)>\(way.rawValue)</a></li>"
        }
        return """
            <nav aria-label="登录方式"><ul>
            \(link(.scan, request.path + "/scan"))
            \(link(.password, request.path))
            </ul></nav>
            """
    }

    private let invalid = " aria-invalid=\"true\" aria-describedby=\"fault\""

    private func summary(_ fault: SimulatorFault) -> String {
        """
        <div class="fault" role="alert" tabindex="-1" autofocus><h2>出现问题</h2>\
        <p id="fault">\(fault.message)</p></div>
        """
    }

    private func hidden(_ request: LoginRequest) -> String {
        request.fields.map {
            "<input type=\"hidden\" name=\"\($0.name)\" value=\"\(escaped($0.value))\">"
        }.joined(separator: "\n")
    }

    private func page(_ title: String, _ content: String) -> String {
        """
        <!DOCTYPE html>
        <html lang="zh-CN">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="referrer" content="no-referrer">
        <title>\(title) - 闽政通（模拟）</title>
        <style>
        body { font: 1rem/1.6 sans-serif; max-width: 40rem; margin: 0 auto; padding: 1rem; color: #1a1a1a; background: #fff }
        .notice { border-left: .4rem solid #8a4b00; background: #fff6e5; padding: .5rem 1rem }
        .fault { border: .2rem solid #b00020; padding: 0 1rem }
        nav ul { display: flex; flex-wrap: wrap; gap: 1rem; list-style: none; padding: 0 }
        a { color: #0b4a8f } [aria-current] { font-weight: bold; text-decoration: none }
        label { display: block } input, select, button { font: inherit; padding: .5rem; max-width: 100%; box-sizing: border-box }
        input, select { width: 100%; border: 1px solid #555 } button { background: #0b4a8f; color: #fff; border: 0; padding: .6rem 1.5rem }
        :focus-visible { outline: .2rem solid #c75b00; outline-offset: .1rem }
        table { border-collapse: collapse; width: 100% } td, th { border: 1px solid #767676; padding: .3rem .5rem; text-align: left; overflow-wrap: anywhere }
        </style>
        </head>
        <body>
        <header>\(Self.notice)</header>
        <main>
        <h1>\(title)</h1>
        \(content)
        </main>
        </body>
        </html>

        """
    }
}

/// Text for HTML content and attributes in double quotes.
func escaped(_ text: String) -> String {
    var result = ""
    for character in text.unicodeScalars {
        switch character {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "\"": result += "&quot;"
        case "'": result += "&#39;"
        default: result.unicodeScalars.append(character)
        }
    }
    return result
}

/// A value for a query: everything but letters, digits and `-._~` as %XX.
func encoded(_ text: String) -> String {
    text.utf8.map { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "_"), UInt8(ascii: "~"):
            return String(UnicodeScalar(byte))
        default:
            let digits = String(byte, radix: 16, uppercase: true)
            return "%" + (digits.count == 1 ? "0" : "") + digits
        }
    }.joined()
}
