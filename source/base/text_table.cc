// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "base/text_table.h"

#include <lsr/base/exceptions.h>

#include <boost/locale/encoding_utf.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include "base/text.h"

namespace lsr
{
  namespace
  {
    /// Number and noun: 1 line, 2 lines.
    std::string
    count(const std::size_t n, const std::string &noun)
    {
      return std::to_string(n) + " " + noun + (n == 1 ? "" : "s");
    }



    /// Without blanks at the ends, non-breaking ones included.
    std::string_view
    without_blanks(std::string_view text)
    {
      const std::string_view non_breaking = "\xC2\xA0";
      while (!text.empty())
        if (text.front() == ' ' || text.front() == '\t')
          text.remove_prefix(1);
        else if (begins_with(text, non_breaking))
          text.remove_prefix(2);
        else
          break;
      while (!text.empty())
        if (text.back() == ' ' || text.back() == '\t')
          text.remove_suffix(1);
        else if (text.size() >= 2 &&
                 text.substr(text.size() - 2) == non_breaking)
          text.remove_suffix(2);
        else
          break;
      return text;
    }



    /// The text in UTF-8, without a byte-order mark.
    std::string
    to_utf8(std::string bytes, const std::string &path)
    {
      require(!begins_with(bytes, "\x1f\x8b"),
              path + ": compressed by gzip, expected a table in a text file; "
                     "unpack it first");
      if (begins_with(bytes, "\xEF\xBB\xBF"))
        bytes.erase(0, 3);
      else if (begins_with(bytes, "\xFF\xFE") || begins_with(bytes, "\xFE\xFF"))
        {
          const int      low = bytes[0] == '\xFF' ? 0 : 1;
          std::u16string units;
          for (std::size_t i = 2; i + 1 < bytes.size(); i += 2)
            units.push_back(static_cast<unsigned char>(bytes[i + low]) +
                            256 *
                              static_cast<unsigned char>(bytes[i + 1 - low]));
          bytes = boost::locale::conv::utf_to_utf<char>(units);
        }
      require(bytes.find('\0') == std::string::npos,
              path + ": there are zero bytes in it, expected a table in a text "
                     "file (UTF-8, or UTF-16 with a byte-order mark)");
      return bytes;
    }



    std::optional<double>
    parse_decimal(const std::string_view text)
    {
      double value = 0;
      const auto [end, error] =
        std::from_chars(text.begin(), text.end(), value);
      if (end != text.end() || error == std::errc::invalid_argument)
        return {};
      // Too large, or so small that it is zero in float64.
      if (error == std::errc::result_out_of_range)
        return text.find("e-") == text.npos && text.find("E-") == text.npos ?
                 std::numeric_limits<double>::infinity() :
                 0.;
      return value;
    }



    std::optional<double>
    parse_hexadecimal(const std::string_view text)
    {
      double value            = 0;
      const auto [end, error] = std::from_chars(text.begin(),
                                                text.end(),
                                                value,
                                                std::chars_format::hex);
      if (end != text.end() || error != std::errc() || text[0] == '-')
        return {};
      return value;
    }



    bool
    is_number(const std::string_view text)
    {
      const auto value = parse_number(text);
      return value && std::isfinite(*value);
    }



    /// Whether a text begins with a number that is not whole: a number that is
    /// spoilt (1.0abc) rather than a name (1st).
    bool
    is_spoilt_number(std::string_view text)
    {
      // Also the minus sign of typography.
      for (const std::string_view sign : {"+", "-", "\xE2\x88\x92"})
        if (begins_with(text, sign))
          text.remove_prefix(sign.size());
      const std::size_t n = text.find_first_not_of("0123456789");
      return n != text.npos && n > 0 && text[n] == '.' && !is_number(text);
    }



    std::string
    with_points(const std::string_view text)
    {
      std::string result(text);
      std::replace(result.begin(), result.end(), ',', '.');
      return result;
    }



    /// Whether a decimal comma makes a number of a text without a point.
    bool
    is_number_with_comma(const std::string_view text)
    {
      const std::size_t comma = text.find(',');
      return comma != text.npos && comma > 0 && comma + 1 < text.size() &&
             text.find('.') == text.npos && is_number(with_points(text));
    }



    /// Whether the comma may separate thousands: 1,234 but not 0,234.
    bool
    may_have_thousands(std::string_view text)
    {
      if (!text.empty() && (text[0] == '+' || text[0] == '-'))
        text.remove_prefix(1);
      const std::size_t comma = text.find(',');
      return comma >= 1 && comma <= 3 && text.size() == comma + 4 &&
             text[0] != '0';
    }
  } // namespace



  std::optional<double>
  parse_number(std::string_view text)
  {
    double sign = 1;
    if (!text.empty() && (text[0] == '+' || text[0] == '-'))
      {
        sign = text[0] == '-' ? -1 : 1;
        text.remove_prefix(1);
        // from_chars() would take another one.
        if (begins_with(text, "-"))
          return {};
      }
    std::optional<double> value = parse_decimal(text);
    if (!value && (begins_with(text, "0x") || begins_with(text, "0X")))
      value = parse_hexadecimal(text.substr(2));
    if (const std::size_t d = text.find_first_of("dD");
        !value && d != text.npos && d > 0 && text.find_first_of("eE") > d)
      {
        std::string with_e(text);
        with_e[d] = 'e';
        value     = parse_decimal(with_e);
      }
    return value ? std::optional<double>(sign * *value) : std::nullopt;
  }



  TextTable::TextTable(std::string        file,
                       const std::string &path,
                       const Content      content)
    : path(path)
    , content(content)
    , bytes(to_utf8(std::move(file), path))
  {
    find_rows();
    if (content == Content::texts && header.number > 0)
      separator = find_separator(header);
    else if (!rows.empty())
      separator = find_separator(rows[0]);
    find_names();
    if (content == Content::numbers && column_names.empty() && !rows.empty())
      check_first_row();
    find_decimal_commas();
  }



  void
  TextTable::forget_names()
  {
    column_names.clear();
    header            = {};
    header_is_comment = false;
  }



  std::string
  TextTable::where(const Line &line) const
  {
    return path + ", line " + std::to_string(line.number);
  }



  std::string
  TextTable::where(const std::size_t row) const
  {
    return where(rows[row]);
  }



  namespace
  {
    /// What separates, judged by what there is.
    char
    present_separator(const std::string_view text)
    {
      for (const char separator : {';', '\t', ',', ' '})
        if (text.find(separator) != text.npos)
          return separator;
      return 0;
    }
  } // namespace



  void
  TextTable::find_rows()
  {
    const char *const end    = bytes.data() + bytes.size();
    std::size_t       number = 1;
    for (const char *at = bytes.data(); at != end; ++number)
      {
        const char *const begin = at;
        while (at != end && *at != '\n' && *at != '\r')
          ++at;
        Line line{std::string_view(begin, at - begin), number};
        if (at != end)
          at += at[0] == '\r' && at + 1 != end && at[1] == '\n' ? 2 : 1;
        const std::string_view text = without_blanks(line.text);
        if (text.empty())
          continue;
        if (text[0] == '#' || text[0] == '%')
          {
            if (rows.empty() && header.number == 0)
              last_comment = {text, number};
            ++n_comments;
            continue;
          }
        if (rows.empty())
          {
            if (!has_numbers(line))
              {
                if (header.number == 0)
                  {
                    check_header(line);
                    header = line;
                    continue;
                  }
                require(content == Content::texts,
                        where(line) + ": found '" + std::string(text) +
                          "' below the names in line " +
                          std::to_string(header.number) +
                          ", expected numbers; remove one of the two lines");
              }
          }
        rows.push_back(line);
      }
  }



  bool
  TextTable::makes_numbers(const Line &line,
                           const char  separator,
                           Cells      &cells) const
  {
    return split(line, separator, cells).empty() && cells.size() > 1 &&
           std::all_of(cells.begin(), cells.end(), [](const auto &cell) {
             return cell.empty() || is_number(cell) ||
                    is_number_with_comma(cell);
           });
  }



  bool
  TextTable::has_numbers(const Line &line) const
  {
    // Whatever separates. NaN and infinity are names beside other texts, and
    // values that are wrong alone.
    const char present = present_separator(without_blanks(line.text));
    Cells      cells;
    for (const char candidate : {';', '\t', ',', present})
      if (split(line, candidate, cells).empty() &&
          std::any_of(cells.begin(), cells.end(), is_number))
        return true;
    const bool has_text =
      split(line, present, cells).empty() &&
      std::any_of(cells.begin(), cells.end(), [](const auto &cell) {
        return !cell.empty() && !parse_number(cell);
      });
    return !has_text || makes_numbers(line, ' ', cells);
  }



  void
  TextTable::check_header(const Line &line) const
  {
    Cells cells;
    split(line, present_separator(without_blanks(line.text)), cells);
    const auto bad = std::find_if(cells.begin(), cells.end(), is_spoilt_number);
    if (bad != cells.end())
      throw Error(where(line) + ": '" + std::string(*bad) +
                  "' is neither a number nor a name");
  }



  void
  TextTable::check_first_row() const
  {
    // pandas.DataFrame(array).to_csv(...) writes such a line.
    Cells cells;
    split_row(0, cells);
    bool are_numbers_of_columns = n_cells > 2;
    for (std::size_t j = 0; j < n_cells; ++j)
      are_numbers_of_columns &= cells[j] == std::to_string(j);
    require(
      !are_numbers_of_columns,
      where(0) + ": '" + std::string(rows[0].text) +
        "' looks like numbers of columns: remove the line, or, if it is a "
        "row, put a line with names of the columns above it");
  }



  char
  TextTable::find_separator(const Line &line) const
  {
    const char present = present_separator(without_blanks(line.text));
    if (content == Content::texts || present == ';' || present == 0)
      return present;
    Cells cells;
    for (const char candidate : {'\t', ',', ' '})
      if (makes_numbers(line, candidate, cells))
        return candidate;
    return present;
  }



  void
  TextTable::find_names()
  {
    Cells cells;
    if (!rows.empty())
      {
        split(rows[0], separator, cells);
        ends_in_separator = cells.size() > 1 && cells.back().empty();
        n_cells           = cells.size() - ends_in_separator;
      }

    // Names may be separated otherwise than numbers.
    const auto split_names = [&](const std::string &text, const std::size_t n) {
      const Line line{text, header.number};
      // One name may have blanks in it, and no other separator.
      const char  present = present_separator(without_blanks(text));
      std::string candidates =
        n == 1 ? std::string(1, present == ' ' ? '\0' : present) :
                 (separator == ' ' ? "" : std::string(1, separator)) + ",;\t ";
      if (content == Content::texts)
        candidates = separator;
      for (const char candidate : candidates)
        {
          if (!split(line, candidate, cells).empty())
            continue;
          if (cells.size() == n + 1 && cells.back().empty())
            cells.pop_back();
          if (cells.size() == n)
            {
              column_names.assign(cells.begin(), cells.end());
              return true;
            }
        }
      return false;
    };

    if (header.number > 0)
      {
        split(header, present_separator(without_blanks(header.text)), cells);
        const std::size_t n_names = cells.size();
        if (rows.empty())
          n_cells = n_names;
        require(split_names(std::string(header.text), n_cells),
                (rows.empty() ? path : where(0)) + ": " +
                  count(n_cells, "column") + ", but " + count(n_names, "name") +
                  " in line " + std::to_string(header.number));
      }
    else if (last_comment.number > 0 && !rows.empty())
      {
        std::string text(last_comment.text);
        text.erase(0, text.find_first_not_of("#% \t"));
        header            = last_comment;
        header_is_comment = true;
        // Names with blanks, as COMSOL writes them, have more between them.
        std::string tabs = text;
        for (std::size_t at = 0; (at = tabs.find("  ", at)) != tabs.npos;)
          tabs.replace(at, tabs.find_first_not_of(' ', at) - at, "\t");
        const bool found =
          !text.empty() &&
          (split_names(text, n_cells) || split_names(tabs, n_cells)) &&
          std::none_of(column_names.begin(), column_names.end(), is_number);
        if (!found)
          forget_names();
      }

    for (std::size_t i = 0; i < column_names.size(); ++i)
      if (!header_is_comment && !column_names[i].empty())
        require(std::find(column_names.begin(),
                          column_names.begin() + i,
                          column_names[i]) == column_names.begin() + i,
                where(header) + ": two columns are called '" + column_names[i] +
                  "'");
  }



  void
  TextTable::find_decimal_commas()
  {
    if (bytes.find(',') == std::string::npos ||
        (separator == ',' && bytes.find_first_of("\"'") == std::string::npos))
      return;
    bool        is_certain = false;
    Cells       cells;
    std::string example;
    for (std::size_t i = 0; i < rows.size(); ++i)
      {
        split_row(i, cells);
        for (const std::string_view cell : cells)
          if (cell.find(',') == cell.npos)
            {
              if (cell.find('.') != cell.npos && is_number(cell))
                return;
            }
          else if (is_number_with_comma(cell))
            {
              example = where(i) + ": '" + std::string(cell) + "'";
              is_certain |= !may_have_thousands(cell);
            }
          else
            return;
      }
    require(is_certain || example.empty(),
            example + ": is this a decimal comma, or one between thousands? "
                      "Write numbers with points");
    has_decimal_commas = is_certain;
  }



  std::string
  TextTable::split(const Line &line, const char separator, Cells &cells) const
  {
    cells.clear();
    const std::string_view text =
      separator == ' ' ? without_blanks(line.text) : line.text;
    const bool nesting      = content == Content::texts;
    const auto is_separator = [separator](const char c) {
      return c == separator || (separator == ' ' && c == '\t');
    };
    for (std::size_t at = 0; true;)
      {
        // At the first character of a cell, or of the blanks in front of it.
        std::size_t begin = at;
        while (begin < text.size() &&
               (text[begin] == ' ' || text[begin] == '\t') &&
               (separator == ' ' || !is_separator(text[begin])))
          ++begin;
        if (begin < text.size() && (text[begin] == '"' || text[begin] == '\''))
          {
            const std::size_t quote = text.find(text[begin], begin + 1);
            if (quote == text.npos)
              return std::string("a quotation mark (") + text[begin] +
                     ") is missing";
            cells.push_back(
              without_blanks(text.substr(begin + 1, quote - begin - 1)));
            at = quote + 1;
            while (at < text.size() && !is_separator(text[at]))
              if (text[at] == ' ' || text[at] == '\t')
                ++at;
              else
                return "found '" + std::string(text.substr(at)) +
                       "' behind a quotation mark, expected a separator";
          }
        else
          {
            int depth = 0;
            for (at = begin;
                 at < text.size() && (depth > 0 || !is_separator(text[at]));
                 ++at)
              if (nesting)
                depth += (text[at] == '(') - (text[at] == ')');
            cells.push_back(without_blanks(text.substr(begin, at - begin)));
          }
        if (at >= text.size())
          return {};
        ++at;
      }
  }



  void
  TextTable::split_row(const std::size_t row, Cells &cells) const
  {
    const std::string failure = split(rows[row], separator, cells);
    if (!failure.empty())
      throw Error(where(row) + ": " + failure);
    const std::size_t n = cells.size();
    if (ends_in_separator && cells.back().empty())
      cells.pop_back();
    if (cells.size() == n_cells && n == n_cells + ends_in_separator)
      return;
    throw Error(where(row) + ": " + count(n_cells, "column") +
                (ends_in_separator ? " with a separator behind each" : "") +
                " expected as in line " +
                std::to_string(column_names.empty() || header_is_comment ?
                                 rows[0].number :
                                 header.number) +
                ", found " + std::to_string(n));
  }



  std::optional<double>
  TextTable::number_in(const std::string_view cell) const
  {
    return has_decimal_commas && cell.find(',') != cell.npos ?
             parse_number(with_points(cell)) :
             parse_number(cell);
  }



  std::vector<std::string>
  TextTable::cells(const std::size_t row) const
  {
    Cells views;
    split_row(row, views);
    std::vector<std::string> result;
    for (const std::string_view cell : views)
      result.push_back(has_decimal_commas ? with_points(cell) :
                                            std::string(cell));
    return result;
  }



  std::vector<double>
  TextTable::numbers() const
  {
    std::vector<double> result;
    // Some rows may be shorter, by mistake.
    result.reserve(std::min(rows.size() * n_cells, bytes.size()));
    Cells cells;
    for (std::size_t i = 0; i < rows.size(); ++i)
      {
        split_row(i, cells);
        for (std::size_t j = 0; j < n_cells; ++j)
          {
            const auto value = number_in(cells[j]);
            if (!value || !std::isfinite(*value))
              throw Error(where(i) + ": a finite number expected in column " +
                          std::to_string(j + 1) +
                          (cells[j].empty() ?
                             ", found an empty cell" :
                             ", found '" + std::string(cells[j]) + "'"));
            result.push_back(*value);
          }
      }
    return result;
  }



  std::string
  TextTable::description() const
  {
    std::string text;
    switch (separator)
      {
        case 0:
          text = "one column";
          break;
        case ' ':
          text = "separated by blanks";
          break;
        case '\t':
          text = "separated by tabs";
          break;
        default:
          text = std::string("separator '") + separator + "'";
      }
    if (has_decimal_commas)
      text += ", decimal commas";
    if (ends_in_separator)
      text += ", one at the end of each line";
    if (column_names.empty())
      text += "; no header";
    else
      text += std::string("; ") + (header_is_comment ? "names" : "header") +
              " in line " + std::to_string(header.number);
    if (const std::size_t n = n_comments - header_is_comment; n > 0)
      text += "; " + count(n, "comment line") + " left out";
    return text;
  }
} // namespace lsr
