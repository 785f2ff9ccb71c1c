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
    // Drop blank lines and the indentation.
    std::istringstream lines(text.str());
    std::string        message;
    for (std::string line; std::getline(lines, line);)
      {
        const auto begin = line.find_first_not_of(" \t");
        if (begin != std::string::npos)
          message += (message.empty() ? "" : "\n  ") + line.substr(begin);
      }
    return message;
  }
} // namespace lsr
