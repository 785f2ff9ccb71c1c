// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_optional_parameter_h
#define lsr_applications_optional_parameter_h

#include <deal.II/base/patterns.h>

#include <memory>
#include <optional>
#include <string>

/// Numbers that need not be given: in a parameter file, 0 says that they are
/// not. So no such number can be a 0 that counts.
template <typename Number>
struct dealii::Patterns::Tools::Convert<std::optional<Number>>
{
  static std::unique_ptr<dealii::Patterns::PatternBase>
  to_pattern()
  {
    return Convert<Number>::to_pattern();
  }

  static std::string
  to_string(const std::optional<Number>         &number,
            const dealii::Patterns::PatternBase &pattern = *to_pattern())
  {
    return Convert<Number>::to_string(number.value_or(0), pattern);
  }

  static std::optional<Number>
  to_value(const std::string                   &text,
           const dealii::Patterns::PatternBase &pattern = *to_pattern())
  {
    const Number number = Convert<Number>::to_value(text, pattern);
    return number == 0 ? std::nullopt : std::optional<Number>(number);
  }
};

#endif
