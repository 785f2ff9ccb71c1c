// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/fe/error_message.h>

#include <deal.II/base/exceptions.h>

#include <sstream>

namespace lsr
{
  std::string
  error_message(const std::exception &exception)
  {
    const auto *dealii_exception =
      dynamic_cast<const dealii::ExceptionBase *>(&exception);
    if (dealii_exception == nullptr)
      return exception.what();

    std::ostringstream text;
    dealii_exception->print_info(text);
    // One paragraph.
    std::istringstream words(text.str());
    std::string        message;
    for (std::string word; words >> word;)
      message += (message.empty() ? "" : " ") + word;
    return message;
  }
} // namespace lsr
