// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "refine/data_columns.h"

#include <lsr/base/exceptions.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <regex>
#include <set>

namespace lsr
{
  namespace
  {
    using Columns = std::vector<std::size_t>;

    enum class Kind
    {
      part,
      group,
      coordinate,
      target,

      /// A target beside others, otherwise an input.
      perhaps_target,

      other
    };



    bool
    is_one_of(const std::string &word, const std::set<std::string> &words)
    {
      return words.count(word) > 0;
    }



    /// A name without what distinguishes components and says units: x_1,
    /// "x[1]", "x (m)" are of the base x.
    struct Name
    {
      explicit Name(const std::string &text)
        : base(text)
      {
        static const std::regex pattern(
          "([A-Za-z]+)[_ :.]*[\\[(]?([0-9]{0,9})[\\])]? *([\\[(].*[\\])])?");
        std::smatch parts;
        if (text.size() < 200 && std::regex_match(text, parts, pattern))
          {
            base = parts[1];
            if (parts[2].length() > 0)
              index = std::stoi(parts[2]);
          }
        // Capital T and P are temperature and pressure, not time.
        if (base != "T")
          std::transform(base.begin(), base.end(), base.begin(), [](char c) {
            return char(std::tolower(static_cast<unsigned char>(c)));
          });
      }

      /// y is a coordinate beside x, and may be anything elsewhere.
      Kind
      kind(const bool has_x) const
      {
        if (index < 0 && is_one_of(base, {"set", "part", "split", "subset"}))
          return Kind::part;
        if (index < 0 && base == "group")
          return Kind::group;
        if (is_one_of(base,
                      {"x",
                       "z",
                       "t",
                       "time",
                       "point",
                       "points",
                       "coordinate",
                       "coordinates",
                       "input",
                       "inputs"}) ||
            (base == "y" && index < 0 && has_x))
          return Kind::coordinate;
        if (is_one_of(base, {"u", "target", "targets", "output", "outputs"}))
          return Kind::target;
        if (index < 0 && is_one_of(base, {"v", "w", "p"}))
          return Kind::perhaps_target;
        return Kind::other;
      }

      /// To which others the column belongs, and its number among them; nothing
      /// if nobody knows.
      std::optional<std::pair<std::string, int>>
      place() const
      {
        if (index < 0 && is_one_of(base, {"x", "y", "z"}))
          return std::make_pair("x", base[0] - 'x');
        if (index < 0 && is_one_of(base, {"u", "v", "w"}))
          return std::make_pair("u", base[0] - 'u');
        if (index < 0 && base == "p")
          return std::make_pair("u", 3);
        if (index >= 0)
          return std::make_pair(base, index);
        return {};
      }

      std::string base;
      int         index = -1;
    };



    std::string
    join(const std::vector<std::string> &words, const bool shorten = false)
    {
      std::string text;
      for (std::size_t i = 0; i < words.size(); ++i)
        if (shorten && words.size() > 8 && i > 2 && i + 1 < words.size())
          {
            if (i == 3)
              text += ", ...";
          }
        else
          text += (i == 0 ? "" : ", ") + words[i];
      return text;
    }



    std::string
    name_of(const DataTable &table, const std::size_t column)
    {
      return table.names.empty() || table.names[column].empty() ?
               std::to_string(column + 1) :
               table.names[column];
    }



    std::vector<std::string>
    names_of(const DataTable &table, const Columns &columns)
    {
      std::vector<std::string> names;
      for (const std::size_t column : columns)
        names.push_back(name_of(table, column));
      return names;
    }



    bool
    are_all(const DataTable                   &table,
            const std::size_t                  column,
            const std::function<bool(double)> &condition)
    {
      for (std::size_t i = 0; i < table.n_rows(); ++i)
        if (!condition(table(i, column)))
          return false;
      return true;
    }



    ColumnRoles
    roles_by_position(const DataTable &table, const DataFileFormat &format)
    {
      require(format.inputs.empty() && format.targets.empty(),
              table.path + ": names of columns expected, for inputs or targets "
                           "were given by name, found none");
      const std::size_t k        = format.n_outputs,
                        n_labels = format.has_part + format.has_group;
      require(table.n_columns > k + n_labels,
              table.path + ": coordinates" +
                (k > 0 ? ", " + std::to_string(k) +
                           (k == 1 ? " target" : " targets") :
                         "") +
                (format.has_part ? ", set" : "") +
                (format.has_group ? ", group" : "") + " expected, found " +
                std::to_string(table.n_columns) +
                (table.n_columns == 1 ? " column" : " columns"));
      ColumnRoles roles;
      for (std::size_t i = 0; i < table.n_columns - n_labels; ++i)
        (i + k + n_labels < table.n_columns ? roles.inputs : roles.targets)
          .push_back(i);
      if (format.has_part)
        roles.part = table.n_columns - n_labels;
      if (format.has_group)
        roles.group = table.n_columns - 1;
      return roles;
    }



    /// Finds the roles of columns with names.
    class NamedColumns
    {
    public:
      NamedColumns(const DataTable &table, const DataFileFormat &format)
        : table(table)
        , format(format)
        , n_targets(format.targets.empty() ? format.n_outputs : 0)
        , is_used(table.n_columns, false)
      {
        bool has_x = false;
        for (const std::string &name : table.names)
          {
            names.emplace_back(name);
            has_x |= names.back().base == "x" && names.back().index < 0;
          }
        for (const Name &name : names)
          kinds.push_back(name.kind(has_x));
      }

      ColumnRoles
      find()
      {
        check_index();
        roles.part  = find_label(Kind::part, format.has_part);
        roles.group = find_label(Kind::group, true);
        require(roles.group || !format.has_group,
                table.path + ": a column 'group' expected, found " +
                  join(table.names));
        roles.targets = find_given(format.targets);
        roles.inputs  = find_given(format.inputs);
        if (n_targets > 0)
          roles.targets = take(in_order(choose_targets()));
        if (format.inputs.empty())
          roles.inputs = take(in_order(choose_inputs()));
        require(!roles.inputs.empty(),
                table.path + ": coordinates expected, found the columns " +
                  join(table.names, true));
        check_part();
        for (std::size_t i = 0; i < table.n_columns; ++i)
          if (!is_used[i])
            roles.unused.push_back(i);
        return roles;
      }

    private:
      [[noreturn]] void
      fail(const std::string &message) const
      {
        throw Error(
          table.path + ": " + message + "; the columns are " +
          join(table.names, true) +
          ". Say --input-columns and --target-columns with their names");
      }



      /// A first column of whole numbers without a name is a table's index, as
      /// pandas writes it. Others need a name.
      void
      check_index()
      {
        for (std::size_t i = 0; i < table.n_columns; ++i)
          if (table.names[i].empty() ||
              (i == 0 && table.names[i] == "Unnamed: 0"))
            {
              require(i == 0 && table.n_columns > 1 &&
                        are_all(table,
                                i,
                                [](const double x) {
                                  return x == std::floor(x);
                                }),
                      table.path + ": column " + std::to_string(i + 1) +
                        " has no name, and it is no index in front of the "
                        "others; names expected for all columns");
              is_known_as_unused = i;
            }
      }



      std::optional<std::size_t>
      find_label(const Kind kind, const bool is_wanted)
      {
        std::optional<std::size_t> found;
        for (std::size_t i = 0; i < names.size(); ++i)
          if (kinds[i] == kind && !is_given(i))
            {
              if (found)
                fail("both '" + table.names[*found] + "' and '" +
                     table.names[i] + "' may be the same");
              found = i;
            }
        if (!is_wanted)
          return {};
        if (found)
          is_used[*found] = true;
        return found;
      }



      /// Whether a column belongs to a name that was given: the column itself,
      /// or a column of an array.
      static bool
      belongs(const std::string &column, const std::string &name)
      {
        return column == name ||
               (column.size() > name.size() + 2 && column.back() == ']' &&
                column.compare(0, name.size() + 1, name + "[") == 0);
      }



      bool
      is_given(const std::size_t column) const
      {
        for (const auto *given : {&format.inputs, &format.targets})
          for (const std::string &name : *given)
            if (belongs(table.names[column], name))
              return true;
        return false;
      }



      Columns
      find_given(const std::vector<std::string> &given)
      {
        Columns columns;
        for (const std::string &name : given)
          {
            const std::size_t before = columns.size();
            for (std::size_t i = 0; i < names.size(); ++i)
              if (belongs(table.names[i], name))
                {
                  require(!is_used[i],
                          table.path + ": the column '" + name +
                            "' is asked for twice");
                  columns.push_back(i);
                  is_used[i] = true;
                }
            require(columns.size() > before,
                    table.path + ": there is no column '" + name +
                      "'; the columns are " + join(table.names, true));
          }
        return columns;
      }



      Columns
      take(const Columns &columns)
      {
        for (const std::size_t i : columns)
          is_used[i] = true;
        return columns;
      }



      /// Columns that are neither used nor labels, of the given kinds.
      Columns
      rest(const std::set<Kind> &wanted) const
      {
        Columns columns;
        for (std::size_t i = 0; i < names.size(); ++i)
          if (!is_used[i] && is_known_as_unused != i &&
              wanted.count(kinds[i]) > 0)
            columns.push_back(i);
        return columns;
      }



      Columns
      choose_targets() const
      {
        const auto fits = [this](const Columns &columns) {
          return columns.size() == n_targets;
        };
        const std::string n       = std::to_string(n_targets);
        const Columns     targets = rest({Kind::target});
        // A v behind u is hardly an input.
        const Columns perhaps = rest({Kind::target, Kind::perhaps_target});
        const bool    too_few = !targets.empty() && format.inputs.empty() &&
                             table.is_ordered && perhaps.size() > n_targets &&
                             perhaps.back() > targets.back();
        if (targets.size() > n_targets || (fits(targets) && too_few))
          fail(n + (n_targets == 1 ? " target" : " targets") +
               " expected (--outputs), found " +
               join(names_of(table, too_few ? perhaps : targets), true));
        if (fits(targets))
          return targets;
        for (const Columns &candidates :
             {perhaps, rest({Kind::target, Kind::perhaps_target, Kind::other})})
          if (fits(candidates))
            return candidates;

        // y beside x alone.
        const Columns coordinates = rest({Kind::coordinate});
        const Columns others =
          rest({Kind::target, Kind::perhaps_target, Kind::other});
        if (others.empty() && n_targets == 1 && coordinates.size() == 2)
          for (const std::size_t i : coordinates)
            if (names[i].base == "y" && names[i].index < 0)
              return {i};
        if (table.is_ordered && others.size() > n_targets &&
            format.inputs.empty())
          return choose_last(coordinates, others);
        fail(n + (n_targets == 1 ? " target" : " targets") +
             " expected (--outputs), " +
             (targets.empty() ?
                "and it is not clear which columns they are" :
                "found " + join(names_of(table, perhaps), true)));
      }



      /// The last columns, if names do not speak against it: known targets are
      /// among them, and there are no others in front of known coordinates.
      Columns
      choose_last(const Columns &coordinates, const Columns &others) const
      {
        const Columns targets(others.end() - n_targets, others.end());
        for (const std::size_t i : others)
          if ((!coordinates.empty() && i < coordinates.back()) ||
              (kinds[i] == Kind::target && i < targets.front()))
            fail(std::to_string(n_targets) +
                 (n_targets == 1 ? " target" : " targets") +
                 " expected (--outputs), and it is not clear which columns "
                 "they are");
        return targets;
      }



      Columns
      choose_inputs() const
      {
        const Columns coordinates = rest({Kind::coordinate});
        if (!table.is_ordered)
          {
            std::set<std::string> families;
            for (const std::size_t i : coordinates)
              families.insert(
                is_one_of(names[i].base, {"y", "z"}) ? "x" : names[i].base);
            if (families.size() > 1)
              fail("arrays have no order, and several may be inputs");
            return coordinates;
          }
        // Points with values: those are not asked for.
        if (format.n_outputs == 0 && !coordinates.empty() &&
            !rest({Kind::target}).empty())
          return rest({Kind::coordinate, Kind::other});
        return rest(
          {Kind::coordinate, Kind::target, Kind::perhaps_target, Kind::other});
      }



      /// Put those that belong together into their order, each at a place of
      /// one of them.
      Columns
      in_order(Columns columns) const
      {
        std::map<std::string, Columns> places;
        for (std::size_t i = 0; i < columns.size(); ++i)
          if (const auto place = names[columns[i]].place();
              place && kinds[columns[i]] != Kind::other)
            places[place->first].push_back(i);
        for (const auto &family : places)
          {
            const Columns &at = family.second;
            Columns        sorted;
            for (const std::size_t i : at)
              sorted.push_back(columns[i]);
            const Columns before = sorted;
            const auto    number = [this](const std::size_t column) {
              return names[column].place()->second;
            };
            std::stable_sort(sorted.begin(),
                             sorted.end(),
                             [&](const std::size_t a, const std::size_t b) {
                               return number(a) < number(b);
                             });
            for (std::size_t i = 1; i < sorted.size(); ++i)
              if (number(sorted[i - 1]) == number(sorted[i]))
                fail("both '" + table.names[sorted[i - 1]] + "' and '" +
                     table.names[sorted[i]] + "' may be the same");
            if (sorted != before && at.back() - at.front() >= at.size())
              fail("it is not clear in which order a network takes them");
            for (std::size_t i = 0; i < at.size(); ++i)
              columns[at[i]] = sorted[i];
          }
        return columns;
      }



      /// Whether a column that is no set may be meant as one.
      void
      check_part() const
      {
        if (!format.has_part || roles.part || !table.is_ordered ||
            !format.inputs.empty() || !format.targets.empty())
          return;
        const std::size_t last = table.n_columns - 1;
        if (kinds[last] == Kind::other &&
            are_all(table, last, [](const double x) {
              return x == 0 || x == 1 || x == 2;
            }))
          fail("the column '" + table.names[last] +
               "' has 0, 1 and 2 only: if it says which points are to fit (0), "
               "to test (1) and to validate (2), call it 'set'");
      }

      const DataTable           &table;
      const DataFileFormat      &format;
      const std::size_t          n_targets;
      std::vector<Name>          names;
      std::vector<Kind>          kinds;
      std::vector<bool>          is_used;
      std::optional<std::size_t> is_known_as_unused;
      ColumnRoles                roles;
    };
  } // namespace



  bool
  may_have_role(const std::string &name, const DataFileFormat &format)
  {
    for (const auto *given : {&format.inputs, &format.targets})
      if (std::find(given->begin(), given->end(), name) != given->end())
        return true;
    const Name parsed(name);
    const Kind kind = parsed.kind(/* has_x = */ true);
    if (!format.inputs.empty() &&
        (!format.targets.empty() || format.n_outputs == 0))
      return kind == Kind::part || kind == Kind::group;
    return kind != Kind::other || parsed.base == "y";
  }



  ColumnRoles
  find_roles(const DataTable &table, const DataFileFormat &format)
  {
    return table.names.empty() ? roles_by_position(table, format) :
                                 NamedColumns(table, format).find();
  }



  std::string
  describe(const DataTable &table, const ColumnRoles &roles)
  {
    std::string text = table.path + ": " + std::to_string(table.n_rows()) +
                       (table.n_rows() == 1 ? " row" : " rows") + "; columns " +
                       join(names_of(table, roles.inputs), true);
    if (!roles.targets.empty())
      text += " | " + join(names_of(table, roles.targets), true);
    const auto add = [&](const std::optional<std::size_t> &column,
                         const std::string                &role) {
      if (column)
        text += " | " + (name_of(table, *column) == role ?
                           role :
                           role + " " + name_of(table, *column));
    };
    add(roles.part, "set");
    add(roles.group, "group");
    if (!roles.unused.empty())
      text +=
        "; not used: " + (table.names[roles.unused[0]].empty() ?
                            "the index in column 1" +
                              std::string(roles.unused.size() > 1 ? ", " : "") +
                              join(names_of(table,
                                            Columns(roles.unused.begin() + 1,
                                                    roles.unused.end())),
                                   true) :
                            join(names_of(table, roles.unused), true));
    return text + "; " + table.description;
  }
} // namespace lsr
