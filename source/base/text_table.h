// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_base_text_table_h
#define lsr_base_text_table_h

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lsr
{
  /**
   * The number that all of @p text stands for, in any locale: with a sign of
   * either kind, exponents of C and of Fortran (1.5d-3), hexadecimal (0x1.8p3).
   * What float64 cannot hold is infinite. Nothing if there is other text.
   */
  std::optional<double>
  parse_number(std::string_view text);



  /**
   * A table in a text file as people have them, one row a line.
   *
   * - Lines end with LF, CRLF or CR; a byte-order mark may precede them, and
   *   that of UTF-16 says that the file is UTF-16, otherwise it is UTF-8.
   * - Empty lines and comments, lines that begin with # or %, are left out.
   * - Cells are separated by ';', tabs, ',' or blanks, whichever makes numbers
   *   of the cells of the first row, and may be quoted. A separator at the end
   *   of all rows stands for nothing.
   * - The first line is a header with the names of the columns if no cell of it
   *   is a number. There is at most one. Where there is none, the last comment
   *   above the table may have names, see names_in_comment().
   * - Where commas do not separate, they may be decimal commas: if all cells
   *   with a comma are numbers then.
   *
   * Everything else is refused with one message (lsr::Error) that has the path
   * and the line.
   */
  class TextTable
  {
  public:
    enum class Content
    {
      numbers,

      /// Numbers and other texts, and a header for sure, which decides what
      /// separates; there is no separator in parentheses.
      texts
    };

    /// @p file are the bytes of the file, @p path is for messages.
    TextTable(std::string file, const std::string &path, const Content content);

    // Rows are views.
    TextTable(const TextTable &) = delete;

    /// Names of the columns; empty if the file has none.
    const std::vector<std::string> &
    names() const
    {
      return column_names;
    }

    /// The number of the line with the names.
    std::size_t
    names_line() const
    {
      return header.number;
    }

    /// Whether the names come from a comment: other words may just happen to be
    /// as many as there are columns.
    bool
    names_in_comment() const
    {
      return header_is_comment;
    }

    /// Treat the table as one without names.
    void
    forget_names();

    std::size_t
    n_rows() const
    {
      return rows.size();
    }

    std::size_t
    n_columns() const
    {
      return n_cells;
    }

    /// Path and line of a row, for messages.
    std::string
    where(const std::size_t row) const;

    /// The cells of a row. Throws if they are not as many as there are columns.
    std::vector<std::string>
    cells(const std::size_t row) const;

    /// All cells as finite numbers, row after row. Throws for others.
    std::vector<double>
    numbers() const;

    /// Separator and header as they were understood, for one line of output.
    std::string
    description() const;

  private:
    struct Line
    {
      std::string_view text;
      std::size_t      number = 0;
    };

    using Cells = std::vector<std::string_view>;

    std::string
    where(const Line &line) const;

    void
    find_rows();

    bool
    has_numbers(const Line &line) const;

    /// Throw if a name looks like a number that is spoilt.
    void
    check_header(const Line &line) const;

    /// Throw if the first row looks like numbers of the columns.
    void
    check_first_row() const;

    char
    find_separator(const Line &line) const;

    void
    find_names();

    void
    find_decimal_commas();

    /// Split into cells, at @p separator. Returns what is wrong with quotation
    /// marks.
    std::string
    split(const Line &line, const char separator, Cells &cells) const;

    /// Whether all cells that are there are numbers, and there are several.
    bool
    makes_numbers(const Line &line, const char separator, Cells &cells) const;

    /// The same for a row, of which an end that stands for nothing is cut off.
    void
    split_row(const std::size_t row, Cells &cells) const;

    /// The number in a cell, with a decimal comma if the table has such.
    std::optional<double>
    number_in(const std::string_view cell) const;

    const std::string        path;
    const Content            content;
    std::string              bytes;
    std::vector<Line>        rows;
    Line                     header, last_comment;
    bool                     header_is_comment  = false;
    bool                     ends_in_separator  = false;
    bool                     has_decimal_commas = false;
    char                     separator          = 0;
    std::size_t              n_cells = 0, n_comments = 0;
    std::vector<std::string> column_names;
  };
} // namespace lsr

#endif
