# language: zh-CN
@page
功能: 会员在页面上看到的
  买了就能用，页面上看得见；被拒绝时，页面要说清楚原因。

  背景:
    假如小安有500积分
    而且《黄昏》抢先体验的生成权限售价120积分

  场景: 从购买到图片
    当小安在浏览器中打开《黄昏》的页面
    那么页面变为“purchase needed”
    当小安点击“Get early access”
    而且小安点击“Buy generation access”
    那么页面变为“ready”
    当小安输入“暮色中的灯塔”到“Prompt”
    而且小安点击“Generate”
    那么页面变为“done”
    而且页面无障碍
    而且小安看到1张图片
    而且提交的正是所选的
    而且小安的页面与平台一致
    当小安刷新页面
    那么页面变为“ready”

  场景: 在另一个标签页里买的，这里也看得到
    当小安在浏览器中打开《黄昏》的页面
    而且小安在另一个标签页中打开《黄昏》的页面
    而且小安点击“Get early access”
    而且小安双击“Buy generation access”
    而且页面已变为“ready”
    那么这只生效一次
    当小安回到第一个标签页
    那么页面变为“ready”
    而且“Offer”显示“Generation 120 credits”

  场景: 重试购买时沿用同一个幂等键，并且等够时间
    假如故障“member -> storefront POST /v1/purchases: set response header Retry-After to 1 once”
    而且故障“member -> storefront POST /v1/purchases: abort 503 once”
    当小安在浏览器中打开《黄昏》的页面
    而且小安点击“Get early access”
    而且小安点击“Buy generation access”
    那么小安看到“The answer could not be read.”
    当小安点击“Buy generation access”
    而且页面已变为“ready”
    那么重试沿用了同一个幂等键，也没有提前

  场景: 每一种拒绝都有说明
    当小安在浏览器中打开《黄昏》的页面
    而且小安点击“Get early access”
    那么点击“Buy generation access”后，页面逐一解释“POST /v1/purchases”的各种拒绝
      | insufficient-funds |
      | sales-paused       |

  场景: 付款被拒也有说明
    当小安在浏览器中打开《黄昏》的页面
    而且小安点击“Top up”
    而且小安输入“100”到“Credits”
    而且小安选择“Test card that is declined”于“Card”
    而且小安点击“Pay”
    那么页面解释了payment-declined

  场景: 谁都没听说过的拒绝也有说明，所选的模型一个不少
    假如《晨曦》对所有人开放
    而且平台拒绝“POST /v1/jobs”，错误码是moon-in-the-way
    当小安在浏览器中打开《晨曦》的页面
    而且小安把《晨曦》的编号填入“Another model version”
    而且小安输入“灯塔”到“Prompt”
    而且小安点击“Generate”
    那么小安看到“Something went wrong”
    而且小安看不到“You need early access”
    而且没有任何失败悄无声息
