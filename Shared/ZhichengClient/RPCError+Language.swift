public import RPC

/// A language that errors can be shown in.
public enum MessageLanguage: String, Sendable, Hashable, CaseIterable {
    case chinese = "zh-CN"
    case english = "en"
}

extension RPCError {
    /// The error as a sentence for the user of a program, without technical terms and personal data.
    ///
    /// The services' own words to users are Chinese and say most; where there are none (a connection was lost, the
    /// time ran out) a sentence stands for the code. For logs there is `description`.
    public func message(in language: MessageLanguage) -> String {
        let isForUsers = message.unicodeScalars.contains(where: \.isHan)
        switch language {
        case .chinese: return isForUsers ? message : sentence.chinese
        case .english: return isForUsers ? "\(sentence.english): \(message)" : sentence.english
        }
    }

    private var sentence: (chinese: String, english: String) {
        switch code {
        case .cancelled: ("操作已取消", "The operation was cancelled")
        case .deadlineExceeded:
            verdict == .notExecuted
                ? ("等待超时，请稍后再试", "It took too long; please try again later")
                : (
                    "等待超时，操作可能已经完成，请刷新后查看",
                    "It took too long; please look whether it was done"
                )
        case .invalidArgument: ("填写的内容有误，请检查", "Something was not filled in correctly")
        case .notFound: ("没有找到，可能已被删除", "It was not found; it may have been deleted")
        case .alreadyExists: ("已经存在", "It exists already")
        case .permissionDenied: ("您没有权限进行此操作", "You may not do this")
        case .resourceExhausted: ("系统繁忙，请稍后再试", "The system is busy; please try again later")
        case .failedPrecondition: ("当前状态不允许此操作", "The present state does not allow this")
        case .aborted: ("内容已被更新，请刷新后重试", "It has changed meanwhile; please look again")
        case .outOfRange: ("超出允许的范围", "It is out of the allowed range")
        case .unimplemented: ("服务不支持此操作，请更新程序", "The service does not offer this; please update")
        case .unavailable:
            ("服务暂时不可用，请稍后再试", "The service cannot be reached; please try again later")
        case .unauthenticated: ("登录已失效，请重新登录", "Please sign in again")
        case .ok, .unknown, .internalError, .dataLoss:
            ("系统出现故障，请联系管理员", "Something went wrong; please tell the administrator")
        }
    }
}

extension Unicode.Scalar {
    /// Whether it is a Chinese character of the basic block: every Chinese sentence has one.
    fileprivate var isHan: Bool { (0x4E00...0x9FFF).contains(value) }
}
